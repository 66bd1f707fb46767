// Plays the two movies of player.html in step; `points` are the timeline's, `rate` the frames a second.
function player(points, rate) {
  const by = id => document.getElementById(id);
  const source = by("source"), overlay = by("overlay"), at = by("at"), curve = by("curve"), cells = [...by("grid").children];
  const last = points.at(-1).t || 1, spreads = points.map(p => p.spread);
  const least = Math.min(...spreads), most = Math.max(...spreads), range = most - least || 1;
  by("line").setAttribute("d", points.map((p, i) =>
    (i ? "L" : "M") + (1000 * p.t / last).toFixed(1) + " " + (190 - 180 * (p.spread - least) / range).toFixed(1)).join(""));
  by("least").textContent = least.toFixed(2); by("most").textContent = most.toFixed(2);
  at.max = last;
  curve.setAttribute("aria-valuemax", last);

  function show(t) {
    let i = points.findIndex(p => p.t > t + 1e-6);
    const p = points[(i < 0 ? points.length : Math.max(i, 1)) - 1], clock = t.toFixed(2) + " s";
    at.value = t;
    by("clock").textContent = clock;
    at.setAttribute("aria-valuetext", clock);
    curve.setAttribute("aria-valuenow", t.toFixed(2));
    for (const end of ["x1", "x2"]) by("head").setAttribute(end, 1000 * Math.min(t / last, 1));
    cells.forEach((cell, k) => {
      cell.textContent = Math.round(100 * p.shares[k]) + "%";
      cell.style.background = "color-mix(in srgb, var(--hot) " + Math.round(100 * Math.min(1, 1.4 * p.shares[k])) + "%, transparent)";
    });
  }
  function go(t) {
    t = Math.max(0, Math.min(last, t));
    source.currentTime = overlay.currentTime = t;
    show(t);
  }
  function play() { source.play(); overlay.currentTime = source.currentTime; overlay.play(); }
  function pause() { source.pause(); overlay.pause(); overlay.currentTime = source.currentTime; }
  const toggle = () => source.paused ? play() : pause();

  by("play").onclick = toggle;
  source.onplay = () => by("play").textContent = "Pause";
  source.onpause = () => by("play").textContent = "Play";
  at.oninput = () => go(+at.value);
  const seek = e => { const box = curve.getBoundingClientRect(); go(last * (e.clientX - box.left) / box.width); };
  curve.onclick = seek;
  curve.onpointermove = e => { if (e.buttons & 1) seek(e); };
  document.querySelectorAll("[data-seconds]").forEach(b => b.onclick = () => go(+b.dataset.seconds));
  by("player").onkeydown = e => {
    const step = e.shiftKey ? 1 : 1 / rate;
    const moves = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, Home: -Infinity, End: Infinity };
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    if (e.key in moves) go(source.currentTime + moves[e.key]);
    else if (e.key === " " && e.target.tagName !== "BUTTON") toggle();  // a button is pressed by it
    else return;
    e.preventDefault();
  };
  (function follow() {
    if (!source.isConnected) return;
    if (!source.paused) {
      show(source.currentTime);
      if (Math.abs(source.currentTime - overlay.currentTime) > 0.08) overlay.currentTime = source.currentTime;
    }
    requestAnimationFrame(follow);
  })();
  show(0);
}
