// What is typed into a form comes back whatever becomes of its page.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { accessible, accounts, fits, open, shoot, signIn } from "./browser.mjs";
import { freePort, start } from "./program.mjs";

const text = "typed – 输入\nsecond line";
const saved = (page) => page.locator("[data-saved]").waitFor();
const typed = (page) => page.inputValue("#description");

// begin opens the form for a new bucket.
async function begin(page) {
	await page.goto("/buckets/new");
	await page.waitForURL(/\?form=/);
	return page.url();
}

test("what was typed is there after reload, Back and in a new tab, and the page does not ask", async (t) => {
	const page = await open(t, { role: "requester" });
	page.on("dialog", (dialog) => assert.fail(`asked: ${dialog.message()}`));
	const at = await begin(page);
	await page.locator("#description").pressSequentially("typed", { delay: 10 });
	await saved(page);
	await page.fill("#description", text);
	await page.reload(); // before it was saved
	assert.equal(await typed(page), text);
	await accessible(page, "main");
	await fits(page);
	await shoot(page, "draft-filled");
	await page.fill("#description", `${text} more`);
	await page.click("main a[href='/buckets']");
	await page.waitForURL("**/buckets");
	await page.goBack();
	await page.waitForURL(at);
	assert.equal(await typed(page), `${text} more`);
	await page.goto("/buckets/new");
	assert.equal(await typed(page), "");
	await page.locator(".draft-offer").waitFor();
	await accessible(page, "main");
	await shoot(page, "draft-offer");
	await page.click(".draft-offer a");
	await page.waitForURL(at);
	assert.equal(await typed(page), `${text} more`);
	const tab = await page.context().newPage();
	await page.fill("#description", "last words");
	await page.close({ runBeforeUnload: true });
	await page.waitForEvent("close").catch(() => {});
	for (const until = Date.now() + 10_000; ; ) {
		await tab.goto(at);
		if ((await typed(tab)) === "last words") break;
		assert.ok(Date.now() < until, `the closed tab left ${await typed(tab)}`);
	}
	await tab.goto("/drafts");
	await accessible(tab, "main");
	await fits(tab);
	await shoot(tab, "drafts");
});

test("two tabs of a draft do not destroy each other, and the second is told", async (t) => {
	const page = await open(t, { role: "requester" });
	const at = await begin(page);
	await page.fill("#description", "shared");
	await saved(page);
	const tab = await page.context().newPage();
	await tab.goto(at);
	assert.equal(await typed(tab), "shared");
	await page.fill("#description", "of the first");
	await page.waitForResponse((r) => r.url().endsWith("/buckets/preview") && r.ok());
	await tab.fill("#description", "of the second");
	await tab.locator("[role=alert] .callout").waitFor();
	await accessible(tab, "main");
	await shoot(tab, "draft-apart");
	assert.notEqual(tab.url(), at);
	await tab.reload();
	await page.reload();
	assert.equal(await typed(tab), "of the second");
	assert.equal(await typed(page), "of the first");
});

test("a refused form has its draft in its address, and an order takes it away", async (t) => {
	const page = await open(t, { role: "requester" });
	const at = await begin(page);
	await page.fill("#bucket_name", "No Name");
	await page.fill("#description", text);
	await page.selectOption("#region", "cn-hangzhou");
	await page.click("#bucket-form button.primary");
	await page.locator(".error-summary").waitFor();
	assert.equal(page.url(), at);
	await page.reload();
	assert.equal(await page.inputValue("#bucket_name"), "No Name");
	assert.equal(await typed(page), text);
	await page.fill("#bucket_name", `draft-${Date.now().toString(36)}`);
	await page.click("#bucket-form button.primary");
	await page.waitForURL(/\/buckets\/[0-9a-f]{24}/);
	await page.goto("/drafts");
	assert.equal(await page.locator(`#draft-list a[href='${new URL(at).pathname}${new URL(at).search}']`).count(), 0);
});

test("a session that ends under a form asks beside it, and carries what is sent through the sign-in", async (t) => {
	const page = await open(t, {});
	await page.goto("/sign-in");
	await signIn(page, accounts.requester);
	const at = await begin(page);
	await page.fill("#description", "so far");
	await saved(page);
	const cookies = await page.context().cookies();
	await page.context().clearCookies({ name: cookies.find((c) => c.name.includes("session")).name });
	await page.fill("#description", text);
	await page.locator("#toast a[target=_blank]").waitFor();
	assert.equal(page.url(), at);
	assert.equal(await typed(page), text);
	await accessible(page, "#toast");
	await shoot(page, "draft-signed-out");
	await page.click("#bucket-form button.primary");
	await page.locator("#sign-in-form").waitFor();
	await accessible(page, "main");
	await shoot(page, "draft-carried");
	await page.fill("#email", accounts.requester.email);
	await page.fill("#password", accounts.requester.password);
	await page.click("#sign-in-form button.primary");
	await page.waitForURL(at);
	assert.equal(await typed(page), text);
});

test("a server that is killed takes nothing with it", async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "drafts-"));
	const port = await freePort();
	let demo = start(process.env.QUARTERMASTER_PROGRAM, folder, port);
	t.after(() => demo.program.kill("SIGKILL"));
	const { url, accounts: people } = await demo.ready;
	const page = await open(t, { at: url, faults: [/ERR_/, /Failed to fetch/] });
	await page.goto("/sign-in");
	await signIn(page, people.requester);
	const at = await begin(page);
	await page.fill("#description", "before");
	await saved(page);
	demo.program.kill("SIGKILL");
	await once(demo.program, "exit");
	await page.fill("#description", text); // which nobody saves
	await page.waitForTimeout(1000);
	demo = start(process.env.QUARTERMASTER_PROGRAM, folder, port);
	const again = (await demo.ready).accounts;
	page.on("dialog", (dialog) => dialog.accept());
	await page.reload(); // the demo signs everybody out when it starts
	await signIn(page, again.requester);
	assert.equal(page.url(), at);
	assert.equal(await typed(page), text);
	await saved(page);
});

test("what is typed into a refused form is there after a reload", async (t) => {
	const page = await open(t, { role: "requester" });
	const at = await begin(page);
	for (const note of ["one", "two", "three"]) {
		const answered = page.waitForResponse((r) => r.url().endsWith("/buckets/preview") && r.ok());
		await page.fill("#description", note);
		await answered;
	}
	await page.fill("#bucket_name", "No Name");
	await page.click("#bucket-form button.primary");
	await page.locator(".error-summary").waitFor();
	const answered = page.waitForResponse((r) => r.url().endsWith("/buckets/preview") && r.ok());
	await page.fill("#description", text);
	await answered;
	await page.locator("[data-saved]").waitFor();
	const tab = await page.context().newPage();
	await tab.goto(at);
	assert.equal(await typed(tab), text);
});

test("who signs out leaves nothing that was typed in the browser", async (t) => {
	const page = await open(t, { role: "requester" });
	const kept = () => page.evaluate(() => [...Object.keys(sessionStorage), ...Object.keys(localStorage)].filter((name) => name === "typed" || name === "recent"));
	const out = () => page.evaluate(() => document.querySelector("form[action='/sign-out']").requestSubmit());
	await page.route("**/buckets/preview", () => {}); // nothing is saved before the page goes
	await begin(page);
	await page.fill("#description", text);
	await page.click("main a[href='/buckets']");
	await page.waitForURL("**/buckets");
	assert.deepEqual(await kept(), ["typed"]);
	await out();
	await page.waitForURL("**/sign-in");
	assert.deepEqual(await kept(), []);
	await signIn(page, accounts.requester);
	await begin(page);
	await page.fill("#description", text);
	await out();
	await page.waitForURL("**/sign-in");
	assert.deepEqual(await kept(), []);
});
