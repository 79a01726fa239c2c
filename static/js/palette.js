// The palette: what /search finds and offers, in a dialog over any page. It is
// fetched when it is opened first; without it /search is a page.
const opener = document.querySelector('[data-palette]')
let dialog, back

// What was opened lately, of the team at work, is offered first.
const recent = JSON.parse(localStorage.getItem('recent') ?? '[]').filter(({ team }) => team === opener.dataset.palette)
const keepRecent = () => {
  const href = location.pathname
  if (!/^\/(apps|buckets|orders|pkg-versions|plans|stores)\/(?!new$)[^/]+$/.test(href)) return
  const name = document.querySelector('h1 > span').textContent.trim()
  const kept = [{ team: opener.dataset.palette, href, name }, ...recent.filter((item) => item.href !== href)]
  localStorage.setItem('recent', JSON.stringify(kept.slice(0, 12)))
}
keepRecent()

// data-hotkey: a key that is not being typed anywhere goes to its button. Orders, which
// have them, load this file with their page.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest('input, textarea, select, dialog, [contenteditable]')) return
  const button = document.querySelector(`[data-hotkey="${CSS.escape(event.key)}"]`)
  if (!button) return
  event.preventDefault()
  button.focus()
})

const input = () => dialog.querySelector('input[type=search]')
const items = () => [...dialog.querySelectorAll('.found-item')]
const chosen = () => dialog.querySelector('.found-item[aria-selected=true]')

const choose = (item) => {
  chosen()?.removeAttribute('aria-selected')
  if (!item) return input().removeAttribute('aria-activedescendant')
  item.setAttribute('aria-selected', 'true')
  item.scrollIntoView({ block: 'nearest' })
  input().setAttribute('aria-activedescendant', item.id)
}

// dress gives what was found the roles of a list to choose from, and puts first
// what was opened lately.
const dress = () => {
  const found = dialog.querySelector('#found')
  const at = (li) => {
    const i = recent.findIndex(({ href }) => href === li.querySelector('a')?.getAttribute('href'))
    return i < 0 ? recent.length : i
  }
  for (const list of found.querySelectorAll('.found-list')) list.append(...[...list.children].sort((a, b) => at(a) - at(b)))
  if (!input().value && recent.length) found.querySelector('[role=status]').after(...lately(found))
  found.querySelectorAll('[name=back]').forEach((field) => (field.value = location.pathname + location.search))
  found.setAttribute('role', 'listbox')
  found.setAttribute('aria-label', found.dataset.label)
  found.querySelectorAll('.found-list').forEach((list) => list.setAttribute('role', 'group'))
  found.querySelectorAll('li').forEach((li) => li.setAttribute('role', 'none'))
  items().forEach((item, i) => {
    item.id = `found-item-${i}`
    item.setAttribute('role', 'option')
    item.tabIndex = -1
  })
  choose(items()[0])
}

const lately = (found) => {
  const title = document.createElement('h2')
  title.className = 'found-title'
  title.id = 'found-recent'
  title.textContent = found.dataset.recent
  const list = document.createElement('ul')
  list.className = 'found-list'
  list.setAttribute('aria-labelledby', title.id)
  for (const { href, name } of recent.slice(0, 6)) {
    const li = document.createElement('li')
    li.innerHTML = '<a class="found-item"><svg class="icon" aria-hidden="true"><use></use></svg><span class="found-name"></span></a>'
    li.querySelector('use').setAttribute('href', found.dataset.recentIcon)
    li.firstChild.href = href
    li.querySelector('.found-name').textContent = name
    list.append(li)
  }
  return [title, list]
}

const press = (event) => {
  if (event.isComposing) return
  const all = items()
  const to = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (to && all.length) {
    event.preventDefault()
    choose(all[(all.indexOf(chosen()) + to + all.length) % all.length])
  } else if (event.key === 'Enter') {
    event.preventDefault()
    const item = chosen()
    if (item?.href && (event.ctrlKey || event.metaKey)) open(item.href, '_blank', 'noopener')
    else item?.click()
  }
}

const make = async () => {
  if (!document.querySelector(`link[href="${opener.dataset.style}"]`)) {
    const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: opener.dataset.style })
    await new Promise((done) => {
      style.onload = style.onerror = done
      document.head.append(style)
    })
  }
  dialog = document.createElement('dialog')
  dialog.className = 'palette'
  dialog.setAttribute('aria-label', opener.getAttribute('aria-label'))
  dialog.addEventListener('keydown', press)
  dialog.addEventListener('mousedown', (event) => event.target === dialog && dialog.close())
  dialog.addEventListener('mousemove', (event) => {
    const item = event.target.closest('.found-item')
    if (item && item !== chosen()) choose(item)
  })
  dialog.addEventListener('htmx:after:swap', dress)
  dialog.addEventListener('close', () => {
    dialog.replaceChildren()
    back?.focus()
  })
  document.body.append(dialog)
}

// show opens the palette, or the page where the server has no answer for it.
export const show = async () => {
  if (dialog?.open || document.querySelector('dialog:modal')) return
  if (document.querySelector('main .palette-box')) return document.querySelector('main .palette-box input').focus()
  back = document.activeElement
  const [answer] = await Promise.all([
    fetch('/search', { headers: { 'HX-Request': 'true', 'HX-Request-Type': 'partial', 'HX-Target': 'div#palette' } }).catch(() => null),
    dialog ?? make(),
  ])
  if (!answer?.ok || answer.redirected) {
    location.assign('/search')
    return
  }
  dialog.innerHTML = await answer.text()
  htmx.process(dialog)
  Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'true', 'aria-controls': 'found' }).forEach(([name, value]) => input().setAttribute(name, value))
  dialog.showModal()
  dress()
  input().focus()
}
