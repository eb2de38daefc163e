// Pictures go up a slice at a time, so that their number has no limit; the import itself is then one
// request, all or nothing. Without this code the form sends up to about a thousand by itself.

const SLICE = 20;

async function sendSlice(url, files, token) {
  const body = new FormData();
  for (const file of files) body.append("files", file, file.name);
  const answer = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token, Accept: "application/json" } });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail ?? "The upload was refused.");
  return said;
}

function timeLeft(began, share) {
  const seconds = ((performance.now() - began) / 1000) * (1 / share - 1);
  return seconds < 60 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`;
}

async function sendAll(form, files, tell) {
  const rows = [];
  const faults = [];
  const token = form.querySelector("[name=csrf_token]").value;
  for (let start = 0; start < files.length; start += SLICE) {
    const said = await sendSlice(form.dataset.upload, files.slice(start, start + SLICE), token);
    rows.push(...said.uploads.map((one) => ({ external_id: one.name, uri: one.uri })));
    faults.push(...said.faults);
    tell(Math.min(start + SLICE, files.length));
  }
  return { rows, faults };
}

async function importRows(form, rows) {
  const body = new FormData(form);
  body.delete("pictures");
  body.delete("table");
  body.append("uploaded", new Blob([JSON.stringify(rows)], { type: "application/json" }), "uploaded.json");
  const answer = await fetch(form.action || location.href, { method: "POST", body });
  const made = answer.headers.get("Location");
  if (made) {
    location.assign(made);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("#main").replaceWith(page.querySelector("#main"));
  document.querySelector("[data-focus]")?.focus();
  const again = document.querySelector("#import-form");
  if (again) sendPictures(again);
}

export function sendPictures(form) {
  const input = form.querySelector("#pictures");
  if (!input) return;
  const drop = form.querySelector(".drop");
  const box = form.querySelector("#upload-progress");
  const bar = box.querySelector("progress");
  const words = box.querySelector("div");

  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    input.files = event.dataTransfer.files;
  });

  form.addEventListener("submit", async (event) => {
    if (event.submitter?.dataset.source !== "pictures" || input.files.length === 0) return;
    event.preventDefault();
    const files = [...input.files];
    const began = performance.now();
    event.submitter.disabled = true;
    box.hidden = false;
    bar.max = files.length;
    const tell = (n) => {
      bar.value = n;
      words.textContent = n < files.length ? `${n} of ${files.length} pictures, ${timeLeft(began, n / files.length)}` : "Importing…";
    };
    try {
      const { rows, faults } = await sendAll(form, files, tell);
      if (faults.length > 0) {
        const named = faults.slice(0, 5).map((fault) => `${fault.name} ${fault.message}`).join("; ");
        throw new Error(`Nothing was imported. ${faults.length} of ${files.length} files: ${named}.`);
      }
      await importRows(form, rows);
    } catch (error) {
      words.textContent = error.message;
      words.className = "text-danger";
      event.submitter.disabled = false;
    }
  });
}
