// What a form with a draft does beyond being drawn again: its requests are counted,
// since one may overtake another, and what was typed just before the page goes is sent
// in going. data-saved tells that the draft was saved.
(() => {
  const drafted = (form) => form?.elements?.draft_writer
  let steps = 0
  const edits = new Map() // by form that was changed: how often
  const asked = new WeakMap() // how often it was when it was last sent to be saved
  const failing = new WeakSet() // forms that could not be saved
  const hasFile = (form) => [...form.querySelectorAll('input[type=file]')].some((input) => input.files.length)

  // Leaving asks, which data-unsaved is for, only where something would be lost: a file,
  // or what cannot be saved.
  const ask = () => {
    for (const form of document.querySelectorAll('form:has([name=draft_writer])')) {
      form.toggleAttribute('data-unsaved', hasFile(form) || (edits.has(form) && failing.has(form)))
    }
  }
  ask()

  document.addEventListener('input', ({ target }) => {
    if (drafted(target.form) && target.name !== 'code') edits.set(target.form, (edits.get(target.form) ?? 0) + 1)
    ask()
  })
  document.addEventListener('htmx:config:request', ({ detail: { ctx: { request } } }) => {
    if (!drafted(request.form)) return
    request.body.set('draft_step', ++steps)
    asked.set(request.form, edits.get(request.form))
  })
  document.addEventListener('htmx:after:swap', ({ detail }) => {
    const refused = detail.ctx?.response?.status >= 400
    for (const form of edits.keys()) {
      if (refused || !form.querySelector('[data-saved]')) failing.add(form)
      else {
        failing.delete(form)
        if (asked.get(form) === edits.get(form)) edits.delete(form)
      }
    }
    ask()
  })
  document.addEventListener('htmx:error', () => {
    edits.forEach((_, form) => failing.add(form))
    ask()
  })

  // What was typed last is sent beside the page.
  const send = (form) => {
    const typed = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === 'string'))
    typed.set('draft_step', ++steps)
    navigator.sendBeacon(form.getAttribute('hx-post'), typed)
    return typed
  }

  // A form that is sent has an answer of its own. Who signs out leaves nothing behind.
  document.addEventListener('submit', ({ target, defaultPrevented }) => {
    if (target.getAttribute('action') === '/sign-out') {
      for (const form of edits.keys()) if (form.isConnected) send(form)
      edits.clear()
    }
    if (!drafted(target) || defaultPrevented) return
    target.elements.draft_step.value = ++steps
    edits.delete(target)
  })

  // The address of a refused form, which has all that was typed, is that of its draft.
  const token = new URLSearchParams(location.search).get('form')
  if (token && document.querySelector('form:has([data-saved]) .error-summary')) history.replaceState(history.state, '', `?form=${token}`)

  // What was typed just before a page goes is sent in going. A reload may come before
  // that, so the page that comes to the same draft goes on where the other was.
  addEventListener('pagehide', () => {
    for (const form of edits.keys()) {
      if (form.isConnected) sessionStorage.setItem('typed', send(form))
    }
  })
  const person = (writer) => writer.split('.')[0]
  const goOn = () => {
    const typed = new URLSearchParams(sessionStorage.getItem('typed') ?? '')
    sessionStorage.removeItem('typed')
    const form = document.querySelector('form:has([name=draft_writer])')
    const same = (name) => form.elements[name].value === typed.get(name)
    if (!typed.has('token') || !form || !same('token') || !same('draft_revision') || person(form.elements.draft_writer.value) !== person(typed.get('draft_writer'))) return
    for (const field of form.elements) {
      if (field.type === 'radio' || field.type === 'checkbox') field.checked = typed.getAll(field.name).includes(field.value)
      else if (typed.has(field.name) && field.type !== 'file') field.value = typed.get(field.name)
    }
    steps = Number(typed.get('draft_step'))
    edits.set(form, 1)
    form.dispatchEvent(new Event('change', { bubbles: true }))
  }
  document.addEventListener('DOMContentLoaded', goOn)
})()
