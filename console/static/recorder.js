// Runs beside the page: passes on what the microphone gives, a copy of each block of samples.
"use strict";
registerProcessor(
  "recorder",
  class extends AudioWorkletProcessor {
    process(inputs) {
      const channel = inputs[0][0];
      if (channel) this.port.postMessage(channel.slice());
      return true;
    }
  },
);
