// Sends the file of upload.html to the API, and goes to the page of its job. The form appears after this script.
(function begin() {
  const form = document.getElementById("upload");
  if (!form) { requestAnimationFrame(begin); return; }
  const drop = document.getElementById("drop"), file = document.getElementById("file");
  const sent = document.getElementById("sent"), said = document.getElementById("said"), button = form.querySelector("button");
  const say = (text, wrong) => { said.textContent = text; said.className = wrong ? "wrong" : ""; };
  const idle = () => { button.disabled = false; sent.hidden = true; };

  function send(video) {
    const most = +form.dataset.most;
    if (video.size > most) { say(video.name + ": is larger than " + most / 1e6 + " MB, the most; choose a smaller file", true); return; }
    const options = new URLSearchParams(new FormData(form));
    options.set("name", video.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.dataset.url + "?" + options);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = e => { sent.value = e.loaded / (e.total || 1); };
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page, not ours */ }
      if (request.status === 201) { location.href = answer.links.page; return; }
      idle();
      say(answer.error || "The server answered " + request.status + "; try again later", true);
    };
    request.onerror = () => { idle(); say("The upload broke off; is the server still there? Try again", true); };
    button.disabled = true; sent.hidden = false; sent.value = 0;
    say("Uploading " + video.name);
    request.send(video);
  }

  form.onsubmit = e => { e.preventDefault(); if (file.files[0]) send(file.files[0]); };
  form.ondragover = e => { e.preventDefault(); drop.classList.add("over"); };
  form.ondragleave = () => drop.classList.remove("over");
  form.ondrop = e => {
    e.preventDefault();
    drop.classList.remove("over");
    if (e.dataTransfer.files.length === 1) { file.files = e.dataTransfer.files; form.requestSubmit(); }
    else say("Drop one video at a time", true);
  };
})();
