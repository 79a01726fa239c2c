// Fills a bucket and empties it as people do: by the file input, with progress,
// and without scripts by the same form.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { accessible, fits, open, shoot } from "./browser.mjs";

const files = [
	{ name: "发布包 第三季度.zip", mimeType: "application/zip", buffer: Buffer.alloc(3_000_000, "PK") },
	{ name: "说明 “一”.txt", mimeType: "text/plain", buffer: Buffer.from("你好\n") },
];

async function newBucket(page, typed = {}) {
	await page.goto("/buckets/new");
	for (const [name, value] of Object.entries(typed)) await page.fill(`#${name}`, value);
	await page.selectOption("#region", "cn-hangzhou");
	await page.click("#bucket-form button.primary");
	await page.waitForURL(/\/buckets\/[0-9a-f]{24}$/);
	return new URL(page.url()).pathname;
}

const names = (page) => page.locator("#objects tbody th a").allTextContents();

test("files are uploaded with progress, downloaded and deleted", async (t) => {
	const page = await open(t, { role: "requester", lang: "zh" });
	const at = await newBucket(page, { size_limit: "1" });
	await accessible(page);
	await page.setInputFiles("#file", files);
	assert.deepEqual(await page.locator(".file-name").allTextContents(), files.map((f) => f.name));
	// Each row says how far it is, and in the end that it is through.
	await page.evaluate(() => {
		window.said = new Set();
		new MutationObserver(() => document.querySelectorAll(".file-list progress").forEach((p) => window.said.add(p.getAttribute("aria-label"))))
			.observe(document.querySelector(".file-list"), { childList: true, subtree: true, attributes: true });
		addEventListener("pagehide", () => sessionStorage.setItem("said", JSON.stringify([...window.said])));
	});
	await page.click("#upload-form button.primary");
	await page.waitForSelector("#objects");
	assert.deepEqual(JSON.parse(await page.evaluate(() => sessionStorage.getItem("said"))).sort(), files.map((f) => f.name).sort());
	assert.deepEqual((await names(page)).sort(), files.map((f) => f.name).sort());
	await accessible(page);
	await fits(page);
	await shoot(page, "bucket files");

	for (const f of files) {
		const [download] = await Promise.all([
			page.waitForEvent("download"),
			page.locator("#objects tbody tr", { hasText: f.name }).locator("a[href*='/download']").click(),
		]);
		assert.equal(download.suggestedFilename(), f.name);
		assert.ok(readFileSync(await download.path()).equals(f.buffer), `${f.name} came back changed`);
	}

	for (const box of await page.locator("input.pick").all()) await box.check();
	await page.click(".bulk-bar button");
	await page.waitForSelector("#delete-form");
	await accessible(page);
	for (const f of files) assert.match(await page.locator("#delete-form").innerText(), new RegExp(f.name.split(".")[0]));
	await page.click("#delete-form button.danger");
	await page.waitForURL(`**${at}`);
	assert.deepEqual(await names(page), []);
});

test("an upload can be stopped, and a file over the limit is not sent", async (t) => {
	const page = await open(t, { role: "requester", faults: [/ERR_ABORTED/] });
	await newBucket(page);
	await page.locator("#file").evaluate((input) => (input.dataset.most = "10"));
	await page.setInputFiles("#file", [files[1], { name: "large.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(11) }]);
	await page.click("#upload-form button.primary");
	await page.waitForSelector(".file-list li.failed");
	assert.match(await page.locator(".file-list li.failed").innerText(), /large\.bin/);
	await page.locator("#objects tbody th a", { hasText: files[1].name }).waitFor(); // what fits was sent, and the list is drawn again
	await page.route("**/objects*", () => {}); // never answers
	await page.locator("#file").evaluate((input) => delete input.dataset.most);
	await page.setInputFiles("#file", [files[0]]);
	await page.click("#upload-form button.primary");
	await page.locator(".file-list li button").click();
	await page.waitForSelector(".file-list li.failed");
	await page.reload();
	assert.deepEqual(await names(page), [files[1].name]);
});

test("an upload that fails says why", async (t) => {
	const page = await open(t, { role: "requester", faults: [/ERR_CONNECTION_RESET/, /502/, /\/objects.*failed/] });
	await newBucket(page);
	const send = async (said) => {
		await page.setInputFiles("#file", [files[1]]);
		await page.click("#upload-form button.primary");
		await page.waitForSelector(".file-list li.failed");
		assert.match(await page.locator(".file-list li.failed .file-state").innerText(), said);
		await fits(page);
	};
	// What a proxy says and what becomes of a line is not ours to make.
	await page.route("**/objects*", (route) => route.fulfill({ status: 502, body: "<h1>Bad Gateway</h1>", contentType: "text/html" }));
	await send(/^Failed \(502\)$/);
	await page.unroute("**/objects*");
	await page.route("**/objects*", (route) => route.abort("connectionreset"));
	await send(/connection broke.*again/);
	await page.unroute("**/objects*");
	// Somebody deletes the bucket meanwhile.
	await page.context().request.post(`${page.url()}/removal`, { headers: { "Sec-Fetch-Site": "same-origin" } });
	await send(/Page not found/);
});

test("files are uploaded and deleted without scripts", async (t) => {
	const page = await open(t, { role: "requester", scripts: false });
	const at = await newBucket(page);
	await page.fill("#folder", "归档/2026");
	await page.setInputFiles("#file", files);
	await page.click("#upload-form button.primary");
	await page.waitForURL(`**${at}`);
	assert.deepEqual(await names(page), ["归档/"]);
	await page.click("#objects tbody th a");
	await page.click("#objects tbody th a");
	assert.deepEqual((await names(page)).sort(), files.map((f) => f.name).sort());
	await page.locator("input.pick").first().check();
	await page.click(".bulk-bar button");
	await page.click("#delete-form button.danger");
	assert.equal((await names(page)).length, 1);
});

// What a proxy answers is none of our pages: it is named, and goes nowhere.
test("a proxy that refuses a size or does not answer is named", async (t) => {
	const page = await open(t, { role: "requester", faults: [/status (of )?(413|502)/] });
	const at = await newBucket(page);
	const by = (status) => (route) => route.fulfill({ status, contentType: "text/html", body: "<html><h1>by nginx</h1></html>" });
	await page.route("**/objects*", by(413));
	await page.setInputFiles("#file", [files[0]]);
	await page.click("#upload-form button.primary");
	await page.waitForSelector(".file-list li.failed");
	assert.match(await page.locator(".file-list li.failed").innerText(), /proxy.*client_max_body_size/s);
	for (const [status, said] of [[413, /client_max_body_size/], [502, /did not pass this on/]]) {
		await page.goto("/buckets/new");
		await page.route("**/buckets/preview", by(status));
		await page.fill("#description", "x");
		await page.locator("#toast .toast").waitFor();
		assert.match(await page.locator("#toast").innerText(), said);
		assert.equal(await page.getByText("by nginx").count(), 0);
		assert.equal(await page.inputValue("#description"), "x");
		await page.unroute("**/buckets/preview");
	}
	await page.goto(at);
	assert.deepEqual(await names(page), []);
});

test("what an upload could not send stays chosen, and the list shows what it could", async (t) => {
	const page = await open(t, { role: "requester", width: 390, faults: [/ERR_CONNECTION_RESET/, /\/objects.*failed/] });
	await newBucket(page);
	let n = 0;
	await page.route("**/objects*", (route) => (n++ ? route.abort("connectionreset") : route.continue()));
	await page.setInputFiles("#file", [files[1], files[0]]);
	await page.click("#upload-form button.primary");
	await page.waitForSelector(".file-list li.failed");
	await page.locator("#objects tbody th a", { hasText: "说明" }).waitFor();
	assert.deepEqual(await page.locator("#file").evaluate((i) => [...i.files].map((f) => f.name)), [files[0].name]);
	await shoot(page, "upload cut");
	await page.unroute("**/objects*");
	await page.getByRole("button", { name: "Try again" }).click();
	await page.waitForFunction(() => document.querySelectorAll("#objects tbody th a").length === 2);
});

test("why a file was refused is read in lines, not in letters", async (t) => {
	for (const width of [390, 1280]) {
		const page = await open(t, { role: "requester", width });
		await newBucket(page);
		const name = `${"long-name-of-a-package-".repeat(8)}.zip`;
		await page.locator("#file").evaluate((input) => Object.assign(input.dataset, { most: "1", tooLarge: "Another version uses a file of this name: knowledge base 2026.11. Rename it and upload again." }));
		await page.setInputFiles("#file", [{ name, mimeType: "application/zip", buffer: Buffer.alloc(9) }]);
		await page.click("#upload-form button.primary");
		const said = page.locator(".file-list li.failed .file-state");
		await said.waitFor();
		assert.ok((await said.boundingBox()).height < 80, `${(await said.boundingBox()).height} high at ${width}`);
		await fits(page);
		await shoot(page, `refused ${width}`);
	}
});

test("where the browser does not copy, the text is selected and that is said beside the button", async (t) => {
	const page = await open(t, { role: "requester", lang: "zh", width: 390 });
	await page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
	const at = await newBucket(page);
	await page.setInputFiles("#file", [files[1]]);
	await page.click("#upload-form button.primary");
	const said = page.locator(".copy-said");
	const press = async (button) => {
		await button.click();
		await said.waitFor();
		assert.match(await said.innerText(), /已选中.*Ctrl\+C/);
		const [b, m] = [await button.boundingBox(), await said.boundingBox()];
		assert.ok(m.x >= 0 && m.x + m.width <= 390 && m.y >= 0 && m.y + m.height <= 900, `out of sight: ${JSON.stringify(m)}`);
		assert.ok(m.y - b.y - b.height < 16 && b.y - m.y - m.height < 16, `${JSON.stringify(m)} is not beside ${JSON.stringify(b)}`);
		await fits(page);
		await accessible(page);
		await shoot(page, "copy by hand");
		return button.getAttribute("data-copy");
	};
	await page.locator("#objects tbody tr").first().hover(); // what copies an address is there where the pointer is
	const address = await press(page.locator("#objects .copy").first());
	assert.equal(await page.evaluate(() => document.activeElement.value), address);
	await page.goto(`${at}/details`);
	const id = await press(page.locator(".copy-code .copy").first());
	assert.equal(await page.evaluate(() => getSelection().toString()), id);
	await page.keyboard.press("Escape");
	await said.waitFor({ state: "hidden" });
	await page.goto("/api/CreatePkgVersion");
	await press(page.locator(".code-block > .copy").first());
});
