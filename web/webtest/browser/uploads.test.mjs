// Uploads what takes long, and cuts it as life does: the tab is closed, the server
// is killed, the line breaks, the session ends.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { accessible, fits, open, shoot, signIn } from "./browser.mjs";
import { freePort, start } from "./program.mjs";

const folder = mkdtempSync(join(tmpdir(), "quartermaster-uploads-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const large = join(folder, "大文件.bin");
const bytes = randomBytes(40 << 20); // 5 parts
writeFileSync(large, bytes);
const sum = createHash("sha256").update(bytes).digest("hex");

async function newBucket(page) {
	await page.goto("/buckets/new");
	await page.selectOption("#region", "cn-hangzhou");
	await page.fill("#size_limit", "1");
	await page.click("#bucket-form button.primary");
	await page.waitForURL(/\/buckets\/[0-9a-f]{24}$/);
	return new URL(page.url()).pathname;
}

// upload chooses files and sends them.
async function upload(page, ...files) {
	await page.setInputFiles("#file", files);
	await page.click("#upload-form button.primary");
}

// parts are the numbers of the parts that a page sends from now on.
function parts(page) {
	const sent = [];
	page.on("request", (r) => r.url().includes("/parts?") && sent.push(Number(new URL(r.url()).searchParams.get("number"))));
	return sent;
}

// stored is the checksum of a file of the bucket.
async function stored(page, at, key) {
	const answer = await page.context().request.get(`${at}/download?key=${encodeURIComponent(key)}`);
	return createHash("sha256").update(await answer.body()).digest("hex");
}

test("an upload whose tab was closed goes on where it was, and can be ended", async (t) => {
	const first = await open(t, { role: "requester", lang: "zh", width: 390, theme: "dark" });
	const at = await newBucket(first);
	const cut = async (page) => {
		await page.route(/number=3$/, () => {}); // never answers
		const waits = page.waitForRequest(/number=3$/);
		await upload(page, large);
		await waits;
	};
	await cut(first);
	await fits(first);
	await shoot(first, "upload in parts");
	const page = await first.context().newPage();
	await first.close();

	await page.goto(`${at}/uploads`);
	assert.match(await page.locator("#uploads tbody tr").innerText(), /大文件\.bin[\s\S]*16 MB \/ 40 MB/);
	await accessible(page);
	await fits(page);
	await shoot(page, "unfinished uploads");
	await page.locator("#uploads .button").first().click();
	assert.match(await page.locator("dialog[open] .lost").innerText(), /大文件\.bin.*16 MB/);
	await accessible(page);
	await shoot(page, "unfinished upload ends");
	await page.locator("dialog[open] button.danger").click();
	await page.waitForSelector("#unfinished .empty, #unfinished .empty-state");
	await shoot(page, "no unfinished uploads");

	await page.goto(at);
	await cut(page);
	const again = await page.context().newPage();
	await page.close();
	await again.goto(at);
	const sent = parts(again);
	await upload(again, large);
	await again.waitForSelector("#objects tbody th a");
	assert.deepEqual(sent.filter((n) => n !== 3), [4, 5]); // the third may come through while its tab is closed
	assert.equal(await stored(again, at, "大文件.bin"), sum);
	await again.goto(`${at}/uploads`);
	assert.equal(await again.locator("#uploads").count(), 0);
});

test("an upload goes on where it was when the server was killed and is there again", async (t) => {
	const [port, data] = [await freePort(), mkdtempSync(join(folder, "server-"))];
	let demo = start(process.env.QUARTERMASTER_PROGRAM, data, port);
	const kill = async (signal) => {
		const ended = once(demo.program, "exit");
		demo.program.kill(signal);
		await ended;
	};
	t.after(() => kill("SIGTERM"));
	const { url, accounts } = await demo.ready;
	const page = await open(t, { at: url, faults: [/ERR_/] });
	await page.goto("/sign-in");
	await signIn(page, accounts.requester);
	const at = await newBucket(page);
	const sent = parts(page);
	let reached, go;
	const third = new Promise((resolve) => (reached = resolve));
	const dead = new Promise((resolve) => (go = resolve));
	await page.route(/number=3$/, async (route) => {
		reached();
		await dead;
		await route.continue();
	});
	await upload(page, large);
	await third;
	await kill("SIGKILL");
	go();
	await page.getByText(/Trying again in \d+ s/).waitFor();
	await shoot(page, "upload waits");
	demo = start(process.env.QUARTERMASTER_PROGRAM, data, port);
	const people = (await demo.ready).accounts;
	// The demo signs everybody out when it starts.
	const again = page.getByRole("button", { name: "Try again" });
	await again.waitFor({ timeout: 60_000 });
	assert.match(await page.locator(".file-list li").innerText(), /signed out/);
	const [tab] = await Promise.all([page.waitForEvent("popup"), page.locator(".file-list li a").click()]);
	await signIn(tab, people.requester);
	await again.click();
	await page.waitForSelector("#objects tbody th a");
	assert.deepEqual([...new Set(sent)], [1, 2, 3, 4, 5]);
	assert.equal(sent.filter((n) => n !== 3).length, 4, `sent ${sent}`);
	assert.equal(await stored(page, at, "大文件.bin"), sum);
});

test("a large file that is refused or stopped says why, is tried again, and outlives a broken line", async (t) => {
	const page = await open(t, { role: "requester", faults: [/ERR_CONNECTION_RESET/] });
	const at = await newBucket(page);
	const row = page.locator(".file-list li");
	await page.route(/number=2$/, (route) => route.fulfill({ status: 422, contentType: "text/plain", headers: { "X-Request-Id": "x" }, body: "The bucket is full." }));
	await upload(page, large);
	await page.waitForSelector(".file-list li.failed");
	assert.equal(await row.locator(".file-state").innerText(), "The bucket is full.");
	await accessible(page);
	await shoot(page, "large file refused");
	await page.unroute(/number=2$/);
	await page.route(/number=4$/, () => {});
	const waits = page.waitForRequest(/number=4$/);
	const sent = parts(page);
	await row.getByRole("button", { name: "Try again" }).click();
	await waits;
	await row.getByRole("button", { name: "Cancel" }).click();
	assert.match(await row.locator(".file-state").innerText(), /Stopped.*try again to continue/);
	await page.unroute(/number=4$/);
	await page.route(/number=5$/, (route) => route.abort("connectionreset"), { times: 1 });
	await row.getByRole("button", { name: "Try again" }).click();
	await page.waitForSelector("#objects tbody th a");
	assert.deepEqual(sent, [2, 3, 4, 4, 5, 5]);
	assert.equal(await stored(page, at, "大文件.bin"), sum);
});

test("an upload whose session ended goes on after sign-in in another tab", async (t) => {
	const page = await open(t, { role: "requester" });
	const at = await newBucket(page);
	const cookies = await page.context().cookies();
	await page.setInputFiles("#file", [{ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") }]);
	await page.context().clearCookies();
	await page.click("#upload-form button.primary");
	await page.waitForSelector(".file-list li.failed");
	assert.match(await page.locator(".file-list li").innerText(), /signed out.*still chosen/);
	assert.equal(await page.locator(".file-list li a").getAttribute("target"), "_blank");
	await accessible(page);
	await shoot(page, "upload signed out");
	await page.context().addCookies(cookies);
	await page.getByRole("button", { name: "Try again" }).click();
	await page.waitForSelector("#objects tbody th a");
	assert.equal(await stored(page, at, "a.txt"), createHash("sha256").update("a").digest("hex"));
});

test("a large file of a package version goes in parts, outlives a closed tab, and stays chosen when the form is refused", async (t) => {
	const first = await open(t, { role: "requester", lang: "zh", width: 390 });
	const at = "/pkg-versions/new";
	const fill = async (page, label, file) => {
		await page.goto(at);
		await page.selectOption("#app_id", { index: 1 });
		await page.fill("#label", label);
		await page.setInputFiles("#package_file", file);
		await page.waitForLoadState("networkidle");
	};
	// The first of an application's region makes its bucket, with the order.
	await fill(first, "parts-0", { name: "small.zip", mimeType: "application/zip", buffer: Buffer.from("PK") });
	await first.click("#version-form button.primary");
	await first.waitForURL(/pkg-versions\/wp-/);

	await fill(first, "parts-1", large);
	await first.route(/number=3$/, () => {}); // never answers
	const waits = first.waitForRequest(/number=3$/);
	await first.click("#version-form button.primary");
	await waits;
	await fits(first);
	await shoot(first, "version in parts");
	const page = await first.context().newPage();
	await first.close();

	await fill(page, "parts-1", large);
	const sent = parts(page);
	// Somebody takes the label while the last part is on its way.
	await page.route(/number=5$/, async (route) => {
		const other = await page.context().newPage();
		await fill(other, "parts-1", { name: "other.zip", mimeType: "application/zip", buffer: Buffer.from("PK") });
		await other.click("#version-form button.primary");
		await other.waitForURL(/pkg-versions\/wp-/);
		await other.close();
		await route.continue();
	});
	await page.click("#version-form button.primary");
	await page.waitForSelector("#version-form .error-summary");
	assert.deepEqual(sent.filter((n) => n !== 3), [4, 5]);
	assert.match(await page.locator("#source option:checked").innerText(), /parts-1\/大文件\.bin/);
	await accessible(page);
	await fits(page);
	await shoot(page, "version in parts refused");
	await page.fill("#label", "parts-2");
	await page.click("#version-form button.primary");
	await page.waitForURL(/pkg-versions\/wp-/);
	const answer = await page.context().request.get(`${new URL(page.url()).pathname}/file`);
	assert.equal(createHash("sha256").update(await answer.body()).digest("hex"), sum);
});

test("a folder that is dropped or chosen keeps its paths", async (t) => {
	const page = await open(t, { role: "requester", lang: "zh", width: 390 });
	const at = await newBucket(page);
	const root = join(folder, "站点");
	mkdirSync(join(root, "图片/空"), { recursive: true });
	writeFileSync(join(root, "index.html"), "1");
	writeFileSync(join(root, "图片/a b.png"), "2");
	writeFileSync(join(folder, "single.txt"), "3");
	const { x, y } = await page.locator(".file-drop-text").boundingBox();
	const hand = await page.context().newCDPSession(page);
	for (const type of ["dragEnter", "dragOver", "drop"]) {
		await hand.send("Input.dispatchDragEvent", { type, x: x + 5, y: y + 5, data: { items: [], files: [root, join(folder, "single.txt")], dragOperationsMask: 1 } });
	}
	await page.waitForFunction(() => document.querySelectorAll(".file-list li").length === 3);
	const want = ["single.txt", "站点/index.html", "站点/图片/a b.png"];
	assert.deepEqual((await page.locator(".file-name").allTextContents()).sort(), want);
	await accessible(page);
	await fits(page);
	await shoot(page, "folder dropped");
	await page.click("#upload-form button.primary");
	await page.waitForSelector("#objects tbody th a");
	for (const [i, text] of ["3", "1", "2"].entries()) {
		assert.equal(await stored(page, at, want[i]), createHash("sha256").update(text).digest("hex"), want[i]);
	}
	const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "选择文件夹" }).click()]);
	await chooser.setFiles(root);
	await page.waitForFunction(() => document.querySelectorAll(".file-list li").length === 2);
	assert.deepEqual((await page.locator(".file-name").allTextContents()).sort(), want.slice(1));
});

test("where one file is wanted, a folder that is dropped says that it is one", async (t) => {
	const page = await open(t, { role: "requester", lang: "zh" });
	await newBucket(page);
	await page.locator("#file").evaluate((input) => (input.multiple = false));
	await page.locator(".file-drop").evaluate((area) => {
		const event = new Event("drop", { bubbles: true, cancelable: true });
		event.dataTransfer = {
			files: [new File([""], "folder"), new File(["x"], "a.txt")],
			items: ["folder", "a.txt"].map((name) => ({ webkitGetAsEntry: () => ({ name, isDirectory: name === "folder" }) })),
		};
		area.dispatchEvent(event);
	});
	assert.match(await page.locator(".file-list li.failed").innerText(), /folder\s+这是文件夹/);
	assert.equal(await page.locator("#file").evaluate((i) => i.files.length), 1);
});
