"use strict";
const rows = document.querySelector(".rows[data-progress]");
const media = document.querySelector("#player [data-next]");

if (media) {
	media.addEventListener("ended", () => { location.href = media.dataset.next; });
}

function show(place, [value, text]) {
	place.querySelector("progress").value = value;
	place.querySelector(".percent").textContent = text;
}

async function refresh() {
	if (document.hidden) {
		return;
	}
	const response = await fetch(rows.dataset.progress);
	if (!response.ok) {
		return;
	}
	const progress = await response.json();
	show(document.querySelector(".total"), progress.total);
	Array.from(rows.children).forEach((row, i) => {
		if (progress.entries[i]) {
			show(row, progress.entries[i]);
		}
	});
}

async function loop() {
	const started = Date.now();
	try {
		await refresh();
	} catch {
		// The program may have ended. The page stays as it is.
	}
	setTimeout(loop, Math.max(3000, 10 * (Date.now() - started)));
}

if (rows) {
	setTimeout(loop, 3000);
}
