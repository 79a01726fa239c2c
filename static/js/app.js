// What pages do beyond links and forms, each found by a data- attribute. All of
// it is a convenience: without this file every page still works.
(() => {
  document.documentElement.classList.add('scripted')

  // Back asks the server for the whole page, what the reader has opened stays open, and
  // a request over a slow line is not reported as failed when it was done: it waits as
  // long as the proxies of the README do. That it has no styles of its own is asked for in
  // the page, as it makes them before this.
  Object.assign(htmx.config, { history: 'reload', morphIgnore: ['data-htmx-powered', 'open'], defaultTimeout: 300_000 })

  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const element = event.target.closest?.(selector)
      if (element) act(element, event)
    })

  // data-copy: the text goes to the clipboard, and the button says so. Where the
  // browser does not allow that, the text is selected, and words beside the button
  // say so.
  const copySelected = (button) => {
    const shown = button.parentElement.querySelector('code')
    if (shown?.textContent === button.dataset.copy) {
      getSelection().selectAllChildren(shown)
    } else {
      const field = button.parentElement.querySelector('.copy-text') ?? document.createElement('input')
      field.className = 'copy-text'
      field.readOnly = true
      field.value = button.dataset.copy
      field.setAttribute('aria-label', button.textContent.trim())
      button.before(field)
      field.select()
    }
    button.parentElement.querySelector('.copy-said')?.remove()
    const said = document.createElement('p')
    said.className = 'copy-said'
    said.popover = 'auto'
    said.setAttribute('role', 'alert')
    button.after(said)
    said.showPopover({ source: button })
    said.textContent = document.getElementById('toast').dataset.copyByHand
  }
  // In long tables an id has no button of its own until scripts run.
  const offerCopies = () => {
    const words = document.getElementById('toast')?.dataset
    for (const code of document.querySelectorAll('.row-links code')) {
      const shown = code.closest('label') ?? code.closest('a') ?? code
      if (shown.nextElementSibling?.matches('.copy')) continue
      const button = document.createElement('button')
      button.type = 'button'
      button.className = 'copy'
      button.title = words.copyWord
      button.dataset.copy = code.textContent
      button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${words.copyIcon}"></use></svg><span class="sr-only" aria-live="polite"></span>`
      button.lastChild.dataset.copied = words.copied
      button.lastChild.textContent = `${words.copyWord} ${code.textContent}`
      shown.after(button)
    }
  }
  offerCopies()

  on('click', '[data-copy]', async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy)
    } catch {
      copySelected(button)
      return
    }
    const words = button.querySelector('[data-copied]')
    const before = words.textContent
    words.textContent = words.dataset.copied
    button.classList.add('copied')
    setTimeout(() => {
      words.textContent = before
      button.classList.remove('copied')
    }, 1600)
  })

  // data-palette: the search box is the palette, a dialog that Ctrl+K opens
  // anywhere, and "/" where nobody is typing and it was not switched off.
  const palette = document.querySelector('[data-palette]')
  const openPalette = (event) => {
    event.preventDefault()
    import(palette.dataset.script).then((m) => m.show())
  }
  if (palette) {
    palette.addEventListener('mousedown', openPalette)
    on('keydown', '*', (target, event) => {
      if (event.ctrlKey || event.metaKey ? event.key === 'k' : event.key === '/' && palette.dataset.slash && !target.closest('input, textarea, select, dialog')) openPalette(event)
    })
    if (document.querySelector('.breadcrumb')) import(palette.dataset.script)
  } else if (document.querySelector('[type=password]')) localStorage.removeItem('recent')

  // data-print: the page goes to the printer.
  on('click', '[data-print]', () => print())

  // data-dismiss: the message around the button goes.
  on('click', '[data-dismiss]', (button) => button.closest('[data-toast]').remove())

  // data-focus: an error summary takes the focus when it appears. A link in it
  // leads into the field even where the field is a group.
  const focusSummary = () => document.querySelector('[data-focus]')?.focus()
  document.addEventListener('htmx:after:swap', () => {
    offerCopies()
    focusSummary()
  })
  on('click', '.error-summary a', (link, event) => {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)))
    if (!target) return
    event.preventDefault()
    const field = target.matches('fieldset') ? target.querySelector(':checked, input:enabled') ?? target : target
    field.focus({ preventScroll: true })
    target.closest('.field')?.scrollIntoView({ block: 'center' })
  })

  // A refused form is the answer to a POST, which Back cannot ask for again: in
  // its place the history gets the page it was sent from, with what was typed.
  const refused = document.querySelector('form .error-summary')?.closest('form')
  const [action, from] = JSON.parse(sessionStorage.getItem('sent') ?? '[]')
  if (refused && refused.action === action) {
    const typed = new URLSearchParams()
    for (const [name, value] of new FormData(refused)) {
      if (typeof value === 'string' && !['token', 'paste', 'of_team'].includes(name) && refused.elements[name].type !== 'password') typed.append(name, value)
    }
    if (refused.elements.token) typed.append('form', refused.elements.token.value)
    history.replaceState(history.state, '', `${from}?${typed}`)
  }

  // What was drawn again has the content of its noscript as elements.
  document.addEventListener('formdata', (event) => event.formData.delete('unscripted'))

  // A form being sent is busy, so that pressing again does nothing.
  document.addEventListener('submit', (event) => {
    const form = event.target
    sent.add(form)
    if (form.method === 'get' || form.method === 'dialog' || event.defaultPrevented) return
    if (form.getAttribute('aria-busy') === 'true') {
      event.preventDefault()
      return
    }
    form.setAttribute('aria-busy', 'true')
    sessionStorage.setItem('sent', JSON.stringify([form.action, location.pathname]))
  })
  const idle = () => document.querySelectorAll('form[aria-busy]').forEach((form) => form.removeAttribute('aria-busy'))
  document.addEventListener('htmx:finally:request', idle)
  addEventListener('pageshow', idle)

  // An answer without the id of its request is none of ours but a proxy's: its
  // page goes nowhere, and #toast says what it means.
  document.addEventListener('htmx:after:request', (event) => {
    const { ctx } = event.detail
    if (ctx.response.headers.has('X-Request-Id')) return
    const { proxyLarge, proxyFailed } = document.getElementById('toast').dataset
    const said = document.createElement('p')
    said.textContent = ctx.response.status === 413 ? proxyLarge : proxyFailed
    ctx.text = `<div class="toast tone-danger" role="alert">${said.outerHTML}</div>`
    Object.assign(ctx.hx, { retarget: '#toast', reswap: 'innerHTML' })
  })

  // data-unsaved: leaving a form that was changed and not sent asks first.
  const changed = new Set()
  const sent = new Set()
  on('input', 'form[data-unsaved]', (form, event) => {
    if (event.target.name === 'code') return // looking at the form changes nothing
    changed.add(form)
    sent.delete(form)
  })
  addEventListener('beforeunload', (event) => {
    for (const form of changed) {
      if (form.isConnected && 'unsaved' in form.dataset && !sent.has(form)) event.preventDefault()
    }
  })

  // form[data-noted] is drawn again as it is filled in. It tells which fields were
  // left, those that are wrong among them, and which one is still being typed in.
  const left = new WeakMap()
  document.addEventListener('change', ({ target }) => {
    const form = target.form
    if (form) left.set(form, (left.get(form) ?? new Set()).add(target.name))
  }, true)
  document.addEventListener('htmx:config:request', (event) => {
    const { request, sourceEvent } = event.detail.ctx
    const form = request.form
    if (!form || !('noted' in form.dataset)) return
    const names = new Set(left.get(form))
    form.querySelectorAll('.field.invalid').forEach((field) => names.add(field.querySelector('[name]')?.name))
    names.forEach((name) => request.body.append('left', name))
    const typed = sourceEvent.type === 'input' && sourceEvent.target.name
    if (typed) request.body.append('typing', typed)
  })

  // Once such a form is sent, no answer to what was typed before comes in between.
  document.addEventListener('submit', (event) => event.target.dispatchEvent(new CustomEvent('htmx:abort')), true)

  // While a pointer is pressed answers wait, so that nothing moves under it before
  // it is released and the click has gone where it was aimed.
  let pressed
  addEventListener('pointerdown', () => {
    if (pressed) return
    pressed = {}
    pressed.over = new Promise((resolve) => (pressed.end = resolve))
  }, true)
  for (const type of ['pointerup', 'pointercancel', 'blur', 'dragend']) {
    addEventListener(type, () => setTimeout(() => {
      pressed?.end()
      pressed = undefined
    }), true)
  }
  document.addEventListener('htmx:before:request', (event) => {
    event.detail.ctx.fetch = async (...args) => {
      const answer = await fetch(...args)
      while (pressed) await pressed.over
      return answer
    }
  })

  // A form that is sent without its files, as a preview is, tells their names.
  document.addEventListener('htmx:config:request', (event) => {
    const { request } = event.detail.ctx
    if (request.form?.getAttribute('hx-encoding') !== 'application/x-www-form-urlencoded') return
    for (const input of request.form.querySelectorAll('input[type=file]')) request.body.set(input.name, input.files[0]?.name ?? '')
  })

  // commandfor on a browser that does not know it yet.
  if (!('commandForElement' in HTMLButtonElement.prototype)) {
    on('click', 'button[commandfor]', (button) => {
      const dialog = document.getElementById(button.getAttribute('commandfor'))
      dialog[button.getAttribute('command') === 'close' ? 'close' : 'showModal']()
    })
  }

  // closedby likewise: a press beside a dialog closes it, unless it began inside.
  if (!('closedBy' in HTMLDialogElement.prototype)) {
    let pressed
    document.addEventListener('pointerdown', (event) => (pressed = event.target))
    on('click', 'dialog[closedby]', (dialog, event) => {
      if (event.target === dialog && pressed === dialog) dialog.close()
    })
  }

  focusSummary()
})()
