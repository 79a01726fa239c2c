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

const icons = `activity app-window archive arrow-down arrow-left arrow-right
arrow-up badge-check book-open-text box boxes building-2 calendar chart-column
check chevron-down chevron-left chevron-right chevrons-up-down circle
circle-alert circle-check circle-dashed circle-help circle-x clock cloud-upload
copy credit-card cylinder download ellipsis external-link eye file file-archive
file-code file-text filter folder hash hard-drive history house image inbox info
key-round languages layers layout-dashboard library link loader-circle lock
log-out map-pin menu monitor moon octagon-alert package package-open pencil play
plus printer receipt-text refresh-cw rotate-ccw scroll-text search send settings
shield sliders-horizontal snowflake sun tag terminal trash-2 triangle-alert
upload user users x zap`.split(/\s+/)

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
writeFileSync(join(here, 'vendor', 'hx-sse.min.js'), head + htmx('ext/hx-sse.min.js'))

// The font keeps the letters of Western languages, the punctuation and currency
// signs we print, and the weights the styles use: 28 kB instead of 48.
const span = (first, last) => String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, i) => first + i))
const letters = span(0x20, 0x7e) + span(0xa0, 0xff) + span(0x2010, 0x2015) + 'ŒœŠšŽžŸ‘’‚“”„•…‹›⁄€™←↑→↓−'
writeFileSync(join(here, 'fonts', 'inter.woff2'), await subsetFont(
  readFileSync(from('@fontsource-variable/inter', 'files', 'inter-latin-wght-normal.woff2')), letters,
  { targetFormat: 'woff2', variationAxes: { wght: { min: 400, max: 700 } } }))

const licence = (title, ...p) => `==== ${title} ====\n\n${readFileSync(from(...p), 'utf8').trim()}\n`
writeFileSync(join(here, 'vendor', 'LICENSES.txt'), [
  licence(`htmx.org ${version('htmx.org')} (htmx.min.js, hx-sse.min.js)`, 'htmx.org', 'LICENSE'),
  licence(`lucide-static ${version('lucide-static')} (icons.svg)`, 'lucide-static', 'LICENSE'),
  licence(`Inter, from @fontsource-variable/inter ${version('@fontsource-variable/inter')} (fonts/inter.woff2)`,
    '@fontsource-variable', 'inter', 'LICENSE'),
].join('\n'))
