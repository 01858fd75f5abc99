// The player, its waveform and the conversation: a click anywhere goes there, and what is heard is marked.
"use strict";
(() => {
  const player = document.getElementById("player");
  if (!player) return;
  const wave = document.getElementById("wave");
  const head = document.getElementById("head");
  const follow = document.getElementById("follow");
  const lines = [...document.querySelectorAll(".talk li[data-from]")];
  const starts = lines.map((line) => Number(line.dataset.from));
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let current = -1;

  const length = () => (Number.isFinite(player.duration) && player.duration) || Number(wave && wave.dataset.seconds) || 0;
  const go = (seconds) => {
    player.currentTime = seconds;
    player.play().catch(() => {});
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-at]");
    if (button) go(Number(button.dataset.at));
  });
  if (wave) {
    wave.addEventListener("click", (event) => {
      const box = wave.getBoundingClientRect();
      if (length()) go(((event.clientX - box.left) / box.width) * length());
    });
  }
  const show = () => {
    const now = player.currentTime;
    if (head && length()) {
      const x = String((now / length()) * wave.viewBox.baseVal.width);
      head.setAttribute("x1", x);
      head.setAttribute("x2", x);
    }
    let at = -1;
    while (at + 1 < starts.length && starts[at + 1] <= now + 0.05) at += 1;
    if (at === current) return;
    if (lines[current]) lines[current].removeAttribute("aria-current");
    current = at;
    if (!lines[at]) return;
    lines[at].setAttribute("aria-current", "true");
    if (follow && follow.checked && !player.paused) {
      lines[at].scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    }
  };
  const asked = Number(new URLSearchParams(location.search).get("at"));
  if (asked > 0) {
    const jump = () => { player.currentTime = asked; };
    if (player.readyState > 0) jump();
    else player.addEventListener("loadedmetadata", jump, { once: true });
  }
  player.addEventListener("timeupdate", show);
  player.addEventListener("seeked", show);
})();
