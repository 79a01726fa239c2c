// Every page at every width: nothing is wider than its window or cut, what is to be pressed
// is large enough, and the button of a form is there without scrolling.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, open } from "./browser.mjs";
import { pages } from "./pages.mjs";

const widths = [320, 390, 660, 768, 1024, 1280, 1920];

// small are the targets below 24 pixels, but links in the run of a text and boxes whose
// label is pressed.
const small = (page) =>
	page.evaluate(() =>
		[...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")]
			.filter((e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest("label, .sr-only, .skip, .sheet, .gallery"))
			.filter((e) => !(e.tagName === "A" && getComputedStyle(e).display === "inline"))
			.map((e) => [e, e.getBoundingClientRect()])
			.filter(([, r]) => r.width > 1 && r.height > 1 && (r.width < 23.5 || r.height < 23.5))
			.map(([e, r]) => `${e.tagName}.${e.className} "${(e.textContent || e.name || "").trim().slice(0, 30)}" ${Math.round(r.width)}×${Math.round(r.height)}`),
	);

// cut are the cells of lists with a state or a figure that reach out of their table's frame.
const cut = (page) =>
	page.evaluate(() =>
		[...document.querySelectorAll(".table-scroll:has(.row-links)")].flatMap((frame) => {
			const edge = frame.getBoundingClientRect().right + 1;
			return [...frame.querySelectorAll("td.state, td.num, td:last-child")]
				.filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > edge)
				.slice(0, 1)
				.map((e) => `"${e.textContent.trim()}" of ${frame.getAttribute("aria-label")}`);
		}),
	);

for (const lang of ["en", "zh"]) {
	test(`every page fits at every width, ${lang}`, async (t) => {
		const opened = {};
		for (const { path, role, follow } of pages.filter(({ path }) => path !== "/gallery")) {
			await t.test(`${path}${follow ? " ›" : ""}`, async () => {
				const page = await (opened[role ?? ""] ??= open(t, { role, lang }));
				await page.goto(path);
				if (follow) await page.goto(await page.locator(follow).first().getAttribute("href"));
				const found = [];
				for (const width of widths) {
					await page.setViewportSize({ width, height: 800 });
					await fits(page).catch((e) => found.push(`${width}: ${e.message}`));
					found.push(...(await cut(page)).map((what) => `${width}: cut: ${what}`));
					found.push(...(await small(page)).map((what) => `${width}: small: ${what}`));
				}
				assert.deepEqual(found, []);
			});
		}
	});
}

const forms = ["/stores/new", "/plans/new", "/buckets/new", "/pkg-versions/new", "/stores?state=NORMAL /scale", "/plans?state=ACTIVE /renewal"];

test("the button of an order is seen without scrolling, with what it costs", async (t) => {
	const page = await open(t, { role: "requester", height: 800 });
	for (const form of forms) {
		const [path, link] = form.split(" ");
		await page.setViewportSize({ width: 1280, height: 800 });
		await page.goto(path);
		if (link) {
			await page.goto(await page.locator("main tbody th a").first().getAttribute("href"));
			await page.goto(await page.locator(`a[href$="${link}"]`).first().getAttribute("href"));
		}
		const seen = async (selector) => {
			const r = await page.locator(selector).boundingBox();
			assert.ok(r && r.y >= 0 && r.y + r.height <= 800, `${selector} of ${form} at ${JSON.stringify(r)}`);
			return r;
		};
		await seen("#summary .summary-total-value");
		await seen("#summary button.primary");
		assert.doesNotMatch(await page.locator("#summary .summary-total-value").innerText(), /^¥0\.00/, form);
		await page.setViewportSize({ width: 390, height: 800 });
		await seen("#summary .summary-total-value");
		const { y, height } = await seen("#summary button.primary");
		assert.ok(y > 700 && height >= 48, `the button of ${form} is in the bar, ${height} high at ${y}`);
		const sizes = await page.locator("form.form .control > :is(input, select, textarea):visible").evaluateAll((all) => all.map((e) => getComputedStyle(e).fontSize));
		assert.deepEqual([...new Set(sizes)], ["16px"], `fields of ${form}`);
		await page.click("#summary .summary-open");
		await page.locator("#summary .summary-body").waitFor();
		assert.ok(await page.locator("#summary .summary-body").evaluate((e) => e.getBoundingClientRect().top < 800), `the summary of ${form}`);
	}
});

test("what was folded stays as the reader has it while the form is drawn again", async (t) => {
	const page = await open(t, { role: "requester" });
	await page.goto("/stores/new");
	const fold = page.locator("details.fold");
	assert.equal(await fold.getAttribute("open"), null);
	await fold.locator("summary").click();
	await Promise.all([page.waitForResponse((r) => r.url().endsWith("/preview")), page.check("[name=cu][value='2xlarge']", { force: true })]);
	await page.waitForTimeout(100);
	assert.notEqual(await fold.getAttribute("open"), null);
	await page.fill("#note", "for the handbook");
	await page.locator("#note").blur();
	await page.locator(".fold-holds", { hasText: "for the handbook" }).waitFor({ state: "attached" });
	await page.goto("/stores/new?note=why");
	assert.notEqual(await fold.getAttribute("open"), null, "a fold with something in it is open");
});

test("files, dates and passwords speak the language of the reader", async (t) => {
	const page = await open(t, { role: "requester", lang: "zh" });
	await page.goto("/plans/new");
	assert.equal(await page.locator("#effective_date").getAttribute("type"), "text");
	await page.locator("details.fold summary").click();
	assert.equal(await page.locator("#attachments-pick [data-file-names]").innerText(), "未选择文件");
	await page.setInputFiles("#attachments", [{ name: "报价.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4") }]);
	assert.equal(await page.locator("#attachments-pick [data-file-names]").innerText(), "报价.pdf");
	await Promise.all([page.waitForResponse((r) => r.url().endsWith("/preview")), page.fill("#po_number", "PO 1")]);
	assert.equal(await page.locator("#attachments-pick [data-file-names]").innerText(), "报价.pdf", "drawn again");
	const visitor = await open(t, { lang: "zh" });
	await visitor.goto("/sign-in");
	await visitor.fill("#password", "four words that nobody says");
	await visitor.click(".show-password");
	assert.equal(await visitor.locator("#password").getAttribute("type"), "text");
	assert.equal(await visitor.locator(".show-password").innerText(), "隐藏");
	await visitor.click(".show-password");
	assert.equal(await visitor.locator("#password").getAttribute("type"), "password");
});
