// Fills forms in as people do: field by field, each of which says what is wrong
// beside itself when it is left, and with nothing moving under the pointer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, fits, open, shoot } from "./browser.mjs";

const note = (page, name) => page.locator(`#${name}-note`);
const fresh = (name) => `${name}-${Date.now().toString(36)}${Math.floor(Math.random() * 1e4)}`;

// press presses the pointer on a button, and lets go of it when the answers to
// what was typed before are there.
async function press(page, selector) {
	const button = page.locator(selector);
	await button.scrollIntoViewIfNeeded();
	const { x, y, width, height } = await button.boundingBox();
	await page.mouse.move(x + width / 2, y + height / 2);
	await page.mouse.down();
	await page.waitForTimeout(700);
	await page.mouse.up();
}

test("the first click on a button counts, whatever the fields have to say", async (t) => {
	for (const { path, form, typed, chosen, made } of [
		{ path: "/apps/new", form: "#app-form", typed: { app_name: fresh("app") }, made: /\/apps\/wa-/ },
		{ path: "/buckets/new", form: "#bucket-form", typed: { bucket_name: fresh("bucket") }, chosen: ["#region", "cn-hangzhou"], made: /\/buckets\/[0-9a-f]{24}/ },
	]) {
		const page = await open(t, { role: "requester", width: 390, height: 700 });
		await page.goto(path);
		if (chosen) await page.selectOption(...chosen);
		for (const [name, value] of Object.entries(typed)) {
			await page.fill(`#${name}`, "");
			await page.locator(`#${name}`).pressSequentially(value, { delay: 5 });
		}
		await press(page, `${form} button.primary`);
		await page.waitForURL(made);
	}
});

test("Back after an order comes to the order, and then to where the form was opened", async (t) => {
	for (const { scripts, wrong } of [{ scripts: true, wrong: "" }, { scripts: true, wrong: "No Name" }, { scripts: false, wrong: "" }]) {
		const page = await open(t, { role: "requester", scripts });
		const send = async (name) => {
			await page.fill("#bucket_name", name);
			await page.selectOption("#region", "cn-hangzhou");
			await page.click("#bucket-form button.primary");
		};
		await page.goto("/buckets");
		await page.click("main a[href='/buckets/new']");
		await page.waitForURL(/\/buckets\/new\?form=\w+$/);
		const first = page.url();
		if (wrong) {
			await send(wrong);
			await page.locator(".error-summary").waitFor();
		}
		await send(fresh("once"));
		await page.waitForURL(/\/buckets\/[0-9a-f]{24}/);
		await page.goBack();
		await page.locator("#form-sent a[href^='/orders/']").waitFor();
		if (wrong) await page.goBack();
		assert.equal(page.url(), first);
		await page.locator("#form-sent a[href^='/orders/']").waitFor();
		if (scripts) await accessible(page);
		await page.goBack();
		assert.equal(new URL(page.url()).pathname, "/buckets");
		await page.goForward();
		await page.click("#form-sent a[href^='/buckets/new']");
		await page.locator("#bucket-form").waitFor();
		assert.notEqual(page.url(), first);
		assert.equal(await page.inputValue("#bucket_name"), "");
	}
});

// What is wrong in each field that can be, of each form that places an order: by
// the page, or the link to it on another.
const hidden = "a\u202Eb";
const wrong = { cost_centre: hidden, po_number: hidden, note: hidden };
const orders = [
	{ path: "/buckets/new", typed: { bucket_name: "No Name", size_limit: "ten", tags: hidden, description: hidden, ...wrong } },
	{ path: "/pkg-versions/new", typed: { label: hidden, description: hidden, ...wrong } },
	{ path: "/pkg-versions/new?source_from=external", typed: { source: "http://x" } },
	{ path: "/plans/new", typed: { effective_date: "2001-01-01T00:00", ...wrong } },
	{ path: "/stores/new", typed: { store_name: "No Name", description: hidden, num: "999", ...wrong } },
	{ path: "/plans?state=ACTIVE", link: "/renewal", typed: wrong },
	{ path: "/stores?state=NORMAL", link: "/scale", typed: { num: "999", ...wrong } },
];
// Those of the other forms with fields to type in.
const others = [
	{ path: "/apps/new", typed: { app_name: hidden, description: hidden } },
	{ path: "/team/invitations", typed: { email: "nobody" } },
	{ path: "/team/letterhead", typed: { legal_name: hidden, address: hidden, tax_number: hidden, contact: hidden } },
	{ path: "/team/settings", typed: { team_name: hidden, tax_rate: "much", centres: hidden, default_cost_centre: hidden, lapse_days: "999" } },
	{ path: "/team/keys/new", typed: { key_name: hidden } },
	{ path: "/account", typed: { user_name: hidden, new_password: "short" } },
];

// noted types what is wrong into each field and leaves it: it says so, keeps what
// was typed, and everything else stays where it was.
async function noted(page, { path, link, typed }) {
	await page.goto(path);
	if (link) {
		await page.goto(await page.locator("main tbody th a").first().getAttribute("href"));
		await page.goto(await page.locator(`a[href$="${link}"]`).first().getAttribute("href"));
	}
	await page.evaluate(() => document.fonts.ready);
	for (const [name, value] of Object.entries(typed)) {
		const field = page.locator(`form[data-noted] [name="${name}"]`);
		await field.evaluate((e) => e.closest("details.fold:not([open])")?.querySelector("summary").click());
		await field.evaluate((e) => e.scrollIntoView({ block: "center" }));
		const places = () => field.evaluate(({ form }) => {
			const at = (e) => Math.round(e.getBoundingClientRect().top);
			return Object.fromEntries([...form.querySelectorAll(".field:not(#as-code *, [hidden] *)")].map((e) => [e.querySelector("[name]")?.name ?? e.className, at(e)]).concat([["the button", at(form.querySelector(".form-actions button"))]]));
		});
		const before = await places();
		await field.fill(value);
		await field.blur();
		await note(page, name).locator(".error").waitFor();
		assert.deepEqual(await places(), before, `${name} of ${page.url()}`);
		assert.equal(await field.inputValue(), value, `${name} as it was typed`);
	}
}

for (const lang of ["en", "zh"]) {
	for (const width of [390, 1280]) {
		test(`nothing moves when a field of an order says what is wrong, ${lang}, ${width} wide`, async (t) => {
			const page = await open(t, { role: "requester", lang, width });
			for (const form of orders) {
				await noted(page, form);
				await fits(page);
				await shoot(page, `noted ${form.path} ${lang} ${width}`);
			}
		});
		test(`nor of any other form, ${lang}, ${width} wide`, async (t) => {
			const page = await open(t, { role: "admin", lang, width });
			for (const form of others) {
				await noted(page, form);
				await fits(page);
				await accessible(page);
				await shoot(page, `noted ${form.path} ${lang} ${width}`);
			}
		});
	}
}

test("a password is told what is wrong with it, and stays where it was typed", async (t) => {
	const page = await open(t, { role: "admin" });
	const email = `${fresh("ann")}@example.com`;
	await page.goto("/team/invitations");
	await page.fill("#email", email);
	await page.click("#invitation-form button.primary");
	const link = await page.locator(".callout .copy").getAttribute("data-copy");
	const ann = await open(t, { width: 390 });
	await ann.goto(new URL(link).pathname + new URL(link).search);
	const at = () => ann.locator("#join-form button.primary").boundingBox();
	await ann.fill("#user_name", "Ann");
	const before = await at();
	await ann.fill("#password", email);
	const [answer] = await Promise.all([ann.waitForResponse((r) => r.url().endsWith("/join/preview")), ann.locator("#password").press("Tab")]);
	await note(ann, "password").locator(".error").waitFor();
	assert.deepEqual(await at(), before);
	assert.equal((await answer.text()).split(email).length, 2, "the address is in the answer, as the address alone");
	assert.equal(await ann.inputValue("#password"), email);
	await accessible(ann);
	await shoot(ann, "noted join");
	await ann.fill("#password", "four words that nobody says");
	await ann.keyboard.press("Enter");
	await ann.waitForURL((url) => url.pathname === "/");
});

test("a field says what is wrong when it is left, and not while it is typed in", async (t) => {
	for (const { path, name, wrong, right } of [
		{ path: "/buckets/new", name: "bucket_name", wrong: "No Name", right: "good-name-1" },
		{ path: "/buckets/new", name: "size_limit", wrong: "ten", right: "10" },
		{ path: "/stores/new", name: "num", wrong: "999", right: "2" },
		{ path: "/pkg-versions/new?source_from=external", name: "source", wrong: "http://x", right: "oss://elsewhere/a.zip" },
		{ path: "/plans/new", name: "effective_date", wrong: "2001-01-01T00:00", right: "" },
	]) {
		const page = await open(t, { role: "requester" });
		await page.goto(path);
		const field = page.locator(`#${name}`);
		const answer = () => page.waitForResponse((r) => r.url().endsWith("/preview"));
		if (name !== "effective_date") {
			const typing = answer();
			await field.fill("");
			await field.pressSequentially(wrong);
			await typing;
			await page.waitForTimeout(100);
			assert.equal(await note(page, name).locator(".error").count(), 0, `${name} while it is typed`);
		} else await field.fill(wrong);
		await field.blur();
		await note(page, name).locator(".error").waitFor();
		await fits(page);
		await shoot(page, `forms ${name}`);
		const mended = answer();
		await field.fill(right);
		await field.blur();
		await mended;
		await note(page, name).locator(".error").waitFor({ state: "detached" });
	}
});

test("what depends on another field is said when that is chosen", async (t) => {
	const page = await open(t, { role: "requester" });
	await page.goto("/pkg-versions/new");
	const apps = await page.locator("#app_id option").evaluateAll((all) => all.map((o) => o.value).filter(Boolean));
	let id;
	for (id of apps) {
		await page.goto(`/apps/${id}`);
		if (await page.locator("#pkg-versions").count()) break;
	}
	const label = (await page.locator("#pkg-versions tbody th a").first().innerText()).trim();
	await page.goto("/pkg-versions/new");
	await page.fill("#label", label);
	await page.locator("#label").blur();
	await page.selectOption("#app_id", id);
	await note(page, "label").locator(".error").waitFor();
	// A field that is required says so once it was emptied, and goes on to.
	await page.fill("#label", "");
	await page.fill("#description", "why");
	await page.locator("#description").blur();
	await note(page, "label").locator(".error").waitFor();
});

test("a chosen file waits while another source is looked at", async (t) => {
	const page = await open(t, { role: "requester" });
	await page.goto("/pkg-versions/new");
	await page.selectOption("#app_id", { index: 1 });
	await page.setInputFiles("#package_file", [{ name: "chosen.zip", mimeType: "application/zip", buffer: Buffer.from("PK") }]);
	for (const from of ["object", "external"]) {
		await page.check(`[name=source_from][value=${from}]`, { force: true });
		await page.locator("#package_file").waitFor({ state: "hidden" });
		await page.locator("#source").waitFor();
	}
	await page.check("[name=source_from][value=upload]", { force: true });
	await page.locator(".file-list .file-name", { hasText: "chosen.zip" }).waitFor();
	assert.equal(await page.locator("#package_file").evaluate((i) => i.files[0].name), "chosen.zip");
	assert.match(await page.locator("#summary").innerText(), /chosen\.zip/);
	await page.fill("#label", fresh("v"));
	await page.click("#version-form button.primary");
	await page.waitForURL(/\/pkg-versions\/wp-/);
});

test("Back leads to a form that was refused, with what was typed, without scripts", async (t) => {
	const page = await open(t, { role: "requester", scripts: false });
	for (const { path, form, typed, wrong } of [
		{ path: "/buckets/new", form: "#bucket-form", typed: { bucket_name: "Not Allowed", description: "为什么" }, wrong: ["bucket_name"] },
		{ path: "/stores/new", form: "#store-form", typed: { store_name: "No Name", num: "999" }, wrong: ["store_name", "num"] },
		{ path: "/pkg-versions/new", form: "#version-form", typed: { label: "1.0", description: "x\u202Ey" }, wrong: ["description", "package_file"] },
		{ path: "/apps/new", form: "#app-form", typed: { app_name: "", description: "x\u202Ey" }, wrong: ["app_name", "description"] },
	]) {
		await page.goto(path);
		for (const [name, value] of Object.entries(typed)) await page.fill(`#${name}`, value);
		await page.click(`${form} button.primary`);
		for (const look of ["refused", "gone back to"]) {
			for (const [name, value] of Object.entries(typed)) assert.equal(await page.inputValue(`#${name}`), value, `${name} of ${path} ${look}`);
			for (const name of wrong) {
				assert.equal(await note(page, name).locator(".error").count(), 1, `${name} of ${path} ${look}`);
				assert.equal(await page.locator(`.error-summary a[href="#${name}"]`).count(), 1, `${name} in the summary of ${path} ${look}`);
			}
			await page.goto("/orders");
			await page.goBack();
		}
	}
});

test("a message that something is under way goes when it no longer is", async (t) => {
	const page = await open(t, { role: "requester" });
	await page.goto("/stores/new");
	await page.fill("#store_name", fresh("store"));
	const [shown] = await Promise.all([
		page.waitForResponse((r) => /\/stores\/[^n][^/]*$/.test(r.url()) && r.request().isNavigationRequest()),
		page.click("#store-form button.primary"),
	]);
	// A store may be there before its page is: then nothing was under way.
	const running = /id="store-live"[^>]*hx-get/.test(await shown.text());
	await page.locator("#store-live:not([hx-get])").waitFor({ timeout: 60_000 });
	await page.waitForTimeout(200);
	const said = (await page.locator("#toast").innerText()).trim();
	if (running) assert.equal(said, "");
	else assert.match(said, /has been ordered/);
});
