// Every page at every width: nothing is wider than its window or cut, what is to be pressed
// is large enough, and the button of a form is there without scrolling.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, open } from "./browser.mjs";
import { pages } from "./pages.mjs";

const widths = { en: [320, 390, 660, 768, 1024, 1280, 1920], zh: [320, 768, 1280] };

// faults are what is wrong with the page as it stands: targets below 24 pixels that have
// another within the circle of 24 pixels on their middle (WCAG 2.5.8), but links in the run
// of a text, labels and their boxes; and the cells of lists with a state or a
// figure that reach out of their table's frame.
const faults = (page) =>
	page.evaluate(() => {
		const targets = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary, label:has(input, select, textarea)")]
			.filter((e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.parentElement.closest("label, .sr-only, .sheet, .gallery") && !e.matches(".skip, .sr-only"))
			.map((e) => {
				const r = e.getBoundingClientRect();
				const over = e.closest(".topbar, .order-bar, .decide, .picked, .sidebar");
				const lesser = (r.width < 23.5 || r.height < 23.5) && !e.matches("label") && !(e.matches("a") && getComputedStyle(e).display === "inline");
				return { e, over, lesser, x: r.x + r.width / 2, y: r.y + r.height / 2, r, rects: [...e.getClientRects()] };
			})
			.filter(({ e, r }) => r.width > 1 && r.height > 1 && !(e.closest("th") && getComputedStyle(e.closest("th")).clipPath !== "none")); // nor those of a head that cards hide
		const meets = (t) => (o) =>
			o !== t && o.over === t.over && !o.e.contains(t.e) && !t.e.contains(o.e) &&
			((o.lesser && Math.hypot(o.x - t.x, o.y - t.y) < 23.5) ||
				o.rects.some((r) => Math.hypot(Math.max(r.left - t.x, t.x - r.right, 0), Math.max(r.top - t.y, t.y - r.bottom, 0)) < 11.5));
		const says = ({ e, r }) => `${e.tagName}.${e.className} "${(e.textContent || e.name || "").trim().slice(0, 30)}" ${Math.round(r.width)}×${Math.round(r.height)}`;
		const small = targets.filter((t) => t.lesser).flatMap((t) => {
			const near = targets.find(meets(t));
			return near ? [`small: ${says(t)} near ${says(near)}`] : [];
		});
		const cut = [...document.querySelectorAll(".table-scroll:has(.row-links)")].flatMap((frame) => {
			const edge = frame.getBoundingClientRect().right + 1;
			return [...frame.querySelectorAll("td.state, td > b, td.num, td:last-child")]
				.filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > edge)
				.slice(0, 1)
				.map((e) => `cut: "${e.textContent.trim()}" of ${frame.getAttribute("aria-label")}`);
		});
		return [...small, ...cut];
	});

for (const lang of ["en", "zh"]) {
	test(`every page fits at every width, ${lang}`, async (t) => {
		const opened = {};
		for (const { path, role, follow } of pages.filter(({ path }) => path !== "/gallery")) {
			await t.test(`${path}${follow ? " ›" : ""}`, async () => {
				const page = await (opened[role ?? ""] ??= open(t, { role, lang }));
				await page.goto(path);
				if (follow) await page.goto(await page.locator(follow).first().getAttribute("href"));
				const found = [];
				for (const width of widths[lang]) {
					await page.setViewportSize({ width, height: 800 });
					await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, null, { timeout: 1000 }).catch(() => {}); // rules for the width hold from the next frame
					if ((await faults(page)).length > 0) await page.waitForTimeout(200); // or from the one after it
					await fits(page).catch((e) => found.push(`${width}: ${e.message}`));
					found.push(...(await faults(page)).map((what) => `${width}: ${what}`));
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
		// What is folded keeps the style that it had when it was last drawn, until it is drawn again.
		await page.locator("form.form details").evaluateAll((all) => all.forEach((e) => (e.open = true)));
		const sizes = async () => [...new Set(await page.locator("form.form .control > :is(input, select, textarea)").evaluateAll((all) => all.map((e) => getComputedStyle(e).fontSize)))];
		for (let tries = 0; tries < 40 && String(await sizes()) !== "16px"; tries++) await page.waitForTimeout(50);
		assert.deepEqual(await sizes(), ["16px"], `fields of ${form}, folded or not`);
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
