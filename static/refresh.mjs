// Copies the vendored front-end files out of node_modules and draws the icon
// sprite from the icons named below. Run it with `npm run vendor` after a
// change of versions in package.json or of this list, and commit the result.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import subsetFont from 'subset-font'

const here = dirname(fileURLToPath(import.meta.url))
const modules = join(here, '..', 'node_modules')
const from = (...p) => join(modules, ...p)
const version = (name) => JSON.parse(readFileSync(from(name, 'package.json'), 'utf8')).version

const icons = `activity app-window arrow-down arrow-left arrow-up bell book-open-text box boxes
building-2 check chevron-down chevron-left chevron-right chevrons-up-down
circle circle-alert circle-check clock cloud-upload copy cylinder download
eye file file-archive file-code file-text folder history image inbox
info key-round languages layers layout-dashboard link loader-circle lock
log-out menu monitor moon package plus printer receipt-text refresh-cw
rotate-ccw search settings sun trash-2 triangle-alert upload user users x`.split(/\s+/)

const symbol = (name) => {
  const svg = readFileSync(from('lucide-static', 'icons', `${name}.svg`), 'utf8')
  const body = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'))
  return `<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/\s*\n\s*/g, '')}</symbol>`
}

const notice = `<!-- Icons from lucide-static ${version('lucide-static')}, ISC licence, see vendor/LICENSES.txt -->\n`
writeFileSync(join(here, 'icons.svg'),
  notice + `<svg xmlns="http://www.w3.org/2000/svg">\n${icons.map(symbol).join('\n')}\n</svg>\n`)

const htmx = (file) => readFileSync(from('htmx.org', 'dist', file), 'utf8')
  .replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n')
const head = `/* htmx.org ${version('htmx.org')}, Zero-Clause BSD */\n`
writeFileSync(join(here, 'vendor', 'htmx.min.js'), head + htmx('htmx.min.js'))

// The font is two files: what nearly every page shows, and the letters of other
// Western languages and rarer signs, which a browser fetches when a page has one
// of them. Both have the weights and features that the styles use.
const span = (first, last) => String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, i) => first + i))
const common = span(0x20, 0x7e) + '\u00a0£¥§©«°±·»×–—‘’“”•…€←↑→↓−'
const rare = span(0xa1, 0xff) + span(0x2010, 0x2015) + 'ŒœŠšŽžŸ‚„‹›⁄™'
const inter = readFileSync(from('@fontsource-variable/inter', 'files', 'inter-latin-wght-normal.woff2'))
const subset = async (file, letters) => writeFileSync(join(here, 'fonts', file), await subsetFont(inter, letters, {
  targetFormat: 'woff2', variationAxes: { wght: { min: 400, max: 650 } }, keepFeatures: ['kern', 'tnum'], dropTables: ['STAT', 'MVAR'],
}))
await subset('inter.woff2', common)
await subset('accents.woff2', [...rare].filter((c) => !common.includes(c)).join(''))

const licence = (title, ...p) => `==== ${title} ====\n\n${readFileSync(from(...p), 'utf8').trim()}\n`
writeFileSync(join(here, 'vendor', 'LICENSES.txt'), [
  licence(`htmx.org ${version('htmx.org')} (htmx.min.js)`, 'htmx.org', 'LICENSE'),
  licence(`lucide-static ${version('lucide-static')} (icons.svg)`, 'lucide-static', 'LICENSE'),
  licence(`Inter, from @fontsource-variable/inter ${version('@fontsource-variable/inter')} (fonts/inter.woff2)`,
    '@fontsource-variable', 'inter', 'LICENSE'),
].join('\n'))
