// The main path of a reader in each engine that can be driven here: what one
// engine forgives, another does not.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import puppeteer from "puppeteer-core";
import { accounts, executablePath, fits, origin, sheets } from "./browser.mjs";
import { pages } from "./pages.mjs";
import * as webkit from "./webkit.mjs";

// A click on a page that moves in is lost, so all engines move little.
const engines = {
	chromium: { launcher: puppeteer, browser: "chrome", executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--force-prefers-reduced-motion"] },
	firefox: { launcher: puppeteer, browser: "firefox", executablePath: process.env.FIREFOX ?? ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find(existsSync), extraPrefsFirefox: { "ui.prefersReducedMotion": 1 } },
	webkit: { launcher: webkit },
};

const lists = ["/orders", "/buckets", "/pkg-versions", "/plans", "/stores", "/apps"];

// What each order is made of, and where it leads.
const orders = [
	{ kind: "bucket", path: "/buckets/new?region=cn-hangzhou", made: "^/buckets/[0-9a-f]{24}$" },
	{ kind: "version", path: "/pkg-versions/new?source_from=external&source=oss%3A%2F%2Fshop-files%2Fshop.jar", fill: { label: "engine" }, first: "app_id", made: "^/pkg-versions/wp-" },
	{ kind: "plan", path: "/plans/new?package_type=FPT_ossbag_absolute_Storage_sh&specification=40&duration=6&pricing_cycle=Month", made: "^/(orders/|plans/OSSBAG)" },
	{ kind: "store", path: "/stores/new?region=cn-north-4&availability_zones=cn-north-4a&cu=xlarge&num=1", fill: { store_name: "engine" }, made: "^/(orders|stores)/[0-9a-f]" },
];

for (const [name, { launcher, ...options }] of Object.entries(engines)) {
	let launched;
	const page = async (t, width = 1280) => {
		launched ??= await launcher.launch({ headless: true, ...options });
		const page = await launched.newPage();
		t.after(() => page.close());
		page.setDefaultTimeout(20_000);
		await page.setViewport({ width, height: 900 });
		return page;
	};
	after(() => launched?.close());
	// The driver sometimes has no answer for a page that Firefox did load.
	const go = async (page, path) => {
		const answer = await page.goto(origin + path);
		const status = answer?.status() ?? (await page.evaluate(() => performance.getEntriesByType("navigation")[0].responseStatus));
		assert.equal(status, 200, path);
	};
	const at = (page) => page.evaluate(() => location.pathname);
	const comes = async (page, to) => {
		const there = (to) => document.readyState === "complete" && new RegExp(to).test(location.pathname);
		await page.waitForFunction(there, {}, to).catch(async () => assert.match(await at(page), new RegExp(to)));
	};
	const leads = async (page, press, to) => {
		await page.click(press);
		await comes(page, to);
	};
	const hits = (page, x, y) => page.evaluate((x, y) => document.elementFromPoint(x, y)?.closest("a")?.getAttribute("href") ?? null, x, y);

	test(`${name}: a requester signs in`, async (t) => {
		const p = await page(t);
		await go(p, "/sign-in");
		await p.type("[name=email]", accounts.requester.email);
		await p.type("[name=password]", accounts.requester.password);
		await leads(p, ".outside-card button.primary", "^/$");
	});
	for (const path of lists) {
		test(`${name}: the rows of ${path} are links, and nothing else is`, async (t) => {
			const p = await page(t);
			await go(p, path);
			const row = await p.$eval("tbody tr", (row) => {
				row.scrollIntoView({ block: "center" });
				const { left, right, top, height } = row.getBoundingClientRect();
				return { left, right, y: top + height / 2, href: row.querySelector("th a").getAttribute("href") };
			});
			assert.equal(await hits(p, row.right - 4, row.y), row.href, "the end of a row");
			const [title, wide] = await p.evaluate(() => {
				const { left, bottom } = document.querySelector("h1").getBoundingClientRect();
				const scroll = document.querySelector(".table-scroll");
				return [{ x: left + 4, y: bottom - 4 }, scroll.scrollWidth - scroll.clientWidth];
			});
			assert.equal(await hits(p, title.x, title.y), null, "the title");
			assert.equal(await hits(p, row.left - 8, row.y), null, "beside the table");
			assert.ok(wide <= 0, `the table scrolls by ${wide}`);
			await p.mouse.click(row.right - 4, row.y);
			await comes(p, `^${row.href}$`);

			await go(p, path);
			await p.click("main input[type=search]");
			await p.keyboard.type("nothing is called so");
			await p.waitForSelector("tbody tr", { hidden: true });
			await p.waitForFunction(() => location.search.includes("so"));
		});
	}
	test(`${name}: pages fit into a narrow window`, async (t) => {
		const p = await page(t, 390); // WebKit makes it 447, its least
		for (const { path, role, follow } of pages) {
			if (role !== "requester" || follow) continue;
			await go(p, path);
			await fits(p);
		}
	});
	for (const { kind, path, fill = {}, first, made } of orders) {
		test(`${name}: a ${kind} is ordered`, async (t) => {
			const p = await page(t);
			await go(p, path);
			for (const [field, text] of Object.entries(fill)) await p.type(`[name=${field}]`, `${text}-${name}`);
			if (first) await p.select(`[name=${first}]`, await p.$eval(`[name=${first}] option:not([value=""])`, (o) => o.value));
			await p.waitForNetworkIdle();
			await leads(p, ".form-actions button.primary", made);
		});
	}
	test(`${name}: menus open below their buttons and are as tall as what is in them`, async (t) => {
		for (const [width, path, ids] of [[1280, "/", ["new-menu", "user-menu"]], [1280, "/orders", ["state-menu"]], [390, "/", ["new-menu", "user-menu"]]]) {
			const p = await page(t, width);
			await go(p, path);
			for (const id of ids) {
				const button = await p.$(`[popovertarget="${id}"]`);
				await button.click();
				const [b, m] = await p.evaluate((id) => [document.querySelector(`[popovertarget="${id}"]`), document.getElementById(id)].map((e) => {
					const { left, right, top, bottom } = e.getBoundingClientRect();
					return { left, right, top, bottom, inner: e.scrollHeight, window: innerWidth };
				}), id);
				const found = `${id} at ${width}: button ${JSON.stringify(b)}, menu ${JSON.stringify(m)}`;
				assert.ok(m.top >= b.bottom && m.top < b.bottom + 16, found);
				assert.ok(Math.abs(m.left - b.left) < 2 || Math.abs(m.right - b.right) < 2, found);
				assert.ok(m.left >= 0 && m.right <= m.window && m.bottom - m.top < 400, found);
				await p.keyboard.press("Escape");
			}
		}
	});
	test(`${name}: a press beside a dialog closes it`, async (t) => {
		const p = await page(t);
		await go(p, "/buckets");
		await leads(p, "#buckets tbody th a", "^/buckets/.");
		await go(p, (await at(p)) + "/details");
		const open = () => p.$eval("dialog", (d) => d.open);
		await p.click("[commandfor=delete-bucket]");
		assert.equal(await open(), true);
		await p.mouse.click(20, 450);
		assert.equal(await open(), false);
	});
	test(`${name}: Back leads to a form that was refused, with what was typed`, async (t) => {
		const p = await page(t);
		await go(p, "/buckets/new");
		await p.type("[name=bucket_name]", "Not Allowed");
		await p.type("[name=description]", "为什么");
		await p.waitForNetworkIdle();
		await p.click(".form-actions button.primary");
		await p.waitForSelector(".error-summary");
		await p.waitForFunction(() => location.pathname === "/buckets/new"); // what Back and reload ask for
		await leads(p, "a[href='/orders']", "^/orders$");
		await p.goBack();
		assert.deepEqual(await p.$$eval("[name=bucket_name], [name=description]", (fields) => fields.map((e) => e.value)), ["Not Allowed", "为什么"]);
	});
	test(`${name}: units over the quota are said when the field is left`, async (t) => {
		const p = await page(t, 390);
		await go(p, "/stores/new");
		await p.$eval("[name=num]", (field) => field.select());
		await p.type("[name=num]", "999");
		await p.click("h1");
		await p.waitForSelector("#num-note .error");
		assert.equal(await p.$eval("[name=num]", (field) => field.value), "999");
	});
	test(`${name}: a chosen file waits while another source is looked at`, { skip: launcher === webkit && "its driver chooses no files" }, async (t) => {
		const folder = mkdtempSync(join(tmpdir(), "quartermaster-file-"));
		t.after(() => rmSync(folder, { recursive: true }));
		writeFileSync(join(folder, "chosen.zip"), "PK");
		const p = await page(t);
		await go(p, "/pkg-versions/new");
		await (await p.$("#package_file")).uploadFile(join(folder, "chosen.zip"));
		for (const [from, shown] of [["object", "#bucket_id"], ["external", "#source"], ["upload", "#package_file"]]) {
			await p.$eval(`[name=source_from][value=${from}]`, (radio) => radio.click());
			await p.waitForSelector(shown, { visible: true });
		}
		assert.equal(await p.$eval("#package_file", (input) => input.files[0]?.name), "chosen.zip");
		assert.match(await p.$eval(".file-list", (list) => list.textContent), /chosen\.zip/);
	});
	if (name === "firefox") test(`${name}: what scrolls in the dark has no white bar`, async (t) => {
		const p = await page(t, 390);
		const blank = await page(t);
		for (const [path, area] of [["/buckets", ".tabs"], ["/api/CreatePkgVersion", ".code-block pre"], ["/pkg-versions/new?note=" + "a%0A".repeat(60), "textarea[name=note]"], ["/", ".sidebar"]]) {
			await p.setViewport({ width: 390, height: area === ".sidebar" ? 300 : 900 });
			await go(p, path);
			if (area === ".sidebar") await p.click("[popovertarget=sidebar]");
			await p.evaluate((area) => {
				document.documentElement.dataset.theme = "dark";
				if (area !== ".sidebar") document.querySelector("main").prepend(document.querySelector(area).parentElement);
				return new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)));
			}, area);
			const clip = await p.$eval(area, (e) => {
				const { left, top, right, bottom } = e.getBoundingClientRect();
				const { borderRightWidth, borderBottomWidth } = getComputedStyle(e);
				const [x, y] = [right - parseFloat(borderRightWidth), bottom - parseFloat(borderBottomWidth)];
				const [width, height] = [x - left - e.clientLeft - e.clientWidth, y - top - e.clientTop - e.clientHeight];
				return height >= 1 ? { x: left + 4, y: y - height, width: x - left - 8, height } : { x: x - width, y: top + 4, width, height: y - top - 8 };
			});
			assert.ok(clip.width >= 4 && clip.height >= 4, `${area} has no bar: ${JSON.stringify(clip)}`);
			const bar = await p.screenshot({ clip, encoding: "base64" });
			const brightest = await blank.evaluate(async (bar) => {
				const image = new Image();
				image.src = `data:image/png;base64,${bar}`;
				await image.decode();
				const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
				canvas.drawImage(image, 0, 0);
				return canvas.getImageData(0, 0, image.width, image.height).data.reduce((most, value, i) => (i % 4 === 3 ? most : Math.max(most, value)), 0);
			}, bar);
			assert.ok(brightest < 160, `the bar of ${area} has a channel of ${brightest}`);
		}
	});
	test(`${name}: an order of one line is one sheet of paper`, { skip: launcher === webkit && "its driver does not print" }, async (t) => {
		const p = await page(t);
		await go(p, "/orders");
		const href = await p.$$eval("tbody tr:not(:has(.order-what .muted))", ([row]) => row.querySelector("th a").getAttribute("href"));
		await go(p, href + "/print");
		assert.equal(sheets(await p.pdf({ preferCSSPageSize: true, printBackground: true })).pages, 1);
	});
}
