// The chat: a question recorded as 16 kHz mono WAV and sent, and answers that play.
"use strict";
(() => {
  const RATE = 16000;
  const NOT_SENT = "보내지 못했습니다. 다시 보내거나 글로 적어 주세요.";
  const NO_SPEECH = "지금은 답을 소리로 들려드릴 수 없습니다. 글로 읽어 주세요.";

  for (const audio of document.querySelectorAll(".chat audio")) {
    audio.addEventListener("error", () => {
      const said = document.createElement("p");
      said.className = "muted";
      said.setAttribute("role", "status");
      said.textContent = NO_SPEECH;
      audio.replaceWith(said);
    });
  }
  const spoken = document.querySelector("audio[data-play]");
  if (spoken) {
    history.replaceState(null, "", location.pathname + location.hash); // loaded again it does not speak again
    spoken.play().catch(() => {});
  }
  const last = location.hash && document.querySelector(location.hash);
  if (last) last.focus();

  const voice = document.getElementById("voice");
  if (!voice) return;
  const [record, resend, discard, state, clock] = ["record", "resend", "discard", "state", "clock"].map((id) => document.getElementById(id));
  const longest = Number(voice.dataset.longest);
  const hint = state.textContent;
  const idle = record.textContent;
  let recording = null; // {stream, context, blocks, timer}
  let wav = null;

  const tell = (said) => {
    state.textContent = said;
  };
  const look = (isRecording) => {
    record.textContent = isRecording ? "녹음 끝내고 보내기" : idle;
    record.classList.toggle("danger", isRecording);
    discard.hidden = !isRecording && !wav;
    resend.hidden = isRecording || !wav;
    clock.textContent = "";
  };

  const why = (error) => {
    if (error.name === "NotAllowedError") return "마이크를 쓸 수 없습니다. 브라우저에서 마이크를 허용하거나 글로 적어 주세요.";
    if (error.name === "NotFoundError") return "마이크를 찾지 못했습니다. 마이크를 연결하거나 글로 적어 주세요.";
    return "녹음을 시작하지 못했습니다. 글로 적어 주세요.";
  };

  const begin = async () => {
    wav = null;
    record.disabled = true;
    let stream = null;
    try {
      // A recognizer wants the sound as it is; what is too quiet is lifted.
      const wanted = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true };
      stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
      const context = new AudioContext();
      await context.audioWorklet.addModule("/static/recorder.js");
      const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 1, channelCount: 1, channelCountMode: "explicit" });
      const blocks = [];
      node.port.onmessage = (event) => blocks.push(event.data);
      context.createMediaStreamSource(stream).connect(node).connect(context.destination); // it puts out silence, and is asked for it
      const begun = Date.now();
      const timer = setInterval(() => {
        const seconds = Math.floor((Date.now() - begun) / 1000);
        clock.textContent = `${seconds}초`;
        if (seconds >= longest - 1) end(true);
      }, 500);
      recording = { stream, context, blocks, timer };
      tell("녹음하고 있습니다. 다 말한 뒤 다시 누르세요.");
      look(true);
    } catch (error) {
      if (stream) stream.getTracks().forEach((track) => track.stop());
      tell(why(error));
    }
    record.disabled = false;
  };

  const end = async (send) => {
    const { stream, context, blocks, timer } = recording;
    recording = null;
    clearInterval(timer);
    stream.getTracks().forEach((track) => track.stop());
    const rate = context.sampleRate;
    await context.close();
    if (send && blocks.length) {
      wav = asWav(await resampled(blocks, rate));
      look(false);
      await hand();
    } else {
      look(false);
      tell(hint);
    }
  };

  const resampled = async (blocks, rate) => {
    const frames = blocks.reduce((sum, block) => sum + block.length, 0);
    const offline = new OfflineAudioContext(1, Math.max(1, Math.floor((frames / rate) * RATE)), RATE);
    const buffer = offline.createBuffer(1, frames, rate);
    let at = 0;
    for (const block of blocks) {
      buffer.copyToChannel(block, 0, at);
      at += block.length;
    }
    const source = offline.createBufferSource();
    source.buffer = buffer;
    source.connect(offline.destination);
    source.start();
    return (await offline.startRendering()).getChannelData(0);
  };

  const asWav = (samples) => {
    const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
    const letters = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
    letters(0, "RIFF");
    view.setUint32(4, 36 + 2 * samples.length, true);
    letters(8, "WAVEfmt ");
    view.setUint32(16, 16, true); // of the format: PCM, one channel, 16 bits
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, RATE, true);
    view.setUint32(28, 2 * RATE, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    letters(36, "data");
    view.setUint32(40, 2 * samples.length, true);
    samples.forEach((sample, i) => view.setInt16(44 + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, sample))), true));
    return view.buffer;
  };

  // The same bytes are sent again as they are: the server knows them and pays for them once.
  const hand = async () => {
    record.disabled = resend.disabled = discard.disabled = true;
    tell("녹음을 보내고 있습니다.");
    let said = NOT_SENT;
    try {
      const headers = { "Content-Type": "audio/wav", "X-CSRF": voice.dataset.csrf };
      const answer = await fetch(voice.dataset.to, { method: "POST", headers, body: wav });
      const told = await answer.json();
      if (told.go) {
        history.replaceState(null, "", told.go);
        location.reload();
        return;
      }
      said = told.said || said;
      if (answer.status < 500) wav = null; // it would be refused again
    } catch {
      // the network is away, or somebody else answered
    }
    record.disabled = resend.disabled = discard.disabled = false;
    look(false);
    tell(said);
  };

  if (!navigator.mediaDevices || !window.AudioWorkletNode) {
    tell("이 브라우저에서는 녹음할 수 없습니다. 글로 적어 주세요.");
    record.hidden = true;
  }
  record.addEventListener("click", () => (recording ? end(true) : begin()));
  discard.addEventListener("click", () => {
    wav = null;
    if (recording) end(false);
    else {
      look(false);
      tell(hint);
    }
    record.focus();
  });
  resend.addEventListener("click", hand);
  window.addEventListener("pagehide", () => recording && end(false));
  voice.hidden = false;
})();
