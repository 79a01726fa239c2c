import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, fits, open, shoot, styled } from "./browser.mjs";
import { pages } from "./pages.mjs";

const looks = [
	{ theme: "light", lang: "zh", width: 390 },
	{ theme: "dark", lang: "en", width: 390 },
	{ theme: "light", lang: "en", width: 1280 },
	{ theme: "dark", lang: "zh", width: 1280 },
];

// A browser opens all pages of a role one after the other, as a person does.
for (const look of looks) {
	test(`pages are whole and accessible, ${look.theme}, ${look.lang}, ${look.width} wide`, async (t) => {
		const opened = {};
		for (const { path, role, follow } of pages) {
			const name = follow ? `${path} › ${follow}` : path;
			await t.test(name, async () => {
				const page = await (opened[role ?? ""] ??= open(t, { role, ...look }));
				let answer = await page.goto(path);
				if (follow) {
					const href = await page.locator(follow).first().getAttribute("href");
					answer = await page.goto(new URL(href, page.url()).href);
				}
				assert.equal(answer.status(), 200, `status of ${page.url()}`);
				await shoot(page, `${name}-${look.theme}-${look.lang}-${look.width}`);
				assert.equal(await page.locator("h1").count(), 1, "headings of the first rank");
				assert.notEqual(await page.title(), "", "title");
				assert.match(await page.locator("html").getAttribute("lang"), new RegExp(`^${look.lang}`), "language");
				if (await page.locator("[data-file-drop]").count()) assert.equal(await page.locator("script[src*='/upload.']").count(), 1, "the script of what files are dropped on");
				await fits(page);
				await styled(page);
				await accessible(page);
			});
		}
	});
}
