// form[data-upload]: its files are sent one after the other, each with its
// progress and a way to stop it, by the same request a browser would send
// without this file. A file of more bytes than the input's data-most is not sent
// at all, and data-names names the field for the exact name of the file. When all
// are through, the page that the answer names opens, or that of data-done;
// when one is not, its row says so and the others stay. A form of one file that
// is refused shows what is wrong with its fields and keeps the file.
(() => {
  let next // where the answer to the last file sends the reader
  const words = (form, name) => form.dataset[name] ?? name

  const row = (list, index) => {
    const item = list.children[index]
    const stop = document.createElement('button')
    stop.type = 'button'
    stop.className = 'button small'
    const bar = document.createElement('progress')
    bar.max = 1
    bar.value = 0
    bar.setAttribute('aria-label', item.querySelector('.file-name').textContent)
    item.append(stop, bar)
    const state = item.querySelector('.file-state')
    return {
      stop,
      bar,
      say(text, how) {
        state.textContent = text
        item.className = how ?? ''
        if (how) {
          stop.remove()
          bar.remove()
        }
      },
    }
  }

  const send = (form, input, file, line) => new Promise((resolve) => {
    const request = new XMLHttpRequest()
    const body = new FormData()
    for (const [name, value] of new FormData(form)) {
      if (name !== input.name) body.append(name, value)
    }
    // A browser escapes quotes and line breaks in the name of the file itself.
    if (input.dataset.names) body.append(input.dataset.names, file.name)
    body.append(input.name, file)
    request.open('POST', form.action)
    request.setRequestHeader('HX-Request', 'true')
    request.setRequestHeader('HX-Request-Type', 'partial')
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return
      line.bar.value = event.loaded / event.total
      line.say(`${Math.floor((100 * event.loaded) / event.total)} %`)
    }
    request.onload = () => {
      const ok = request.status < 400
      next = request.getResponseHeader('HX-Redirect') ?? next
      if (!ok && !input.multiple) showRefusal(form, request)
      const why = tooLargeForProxy(request) ? words(form, 'tooLargeForProxy') : refusal(request) ?? `${words(form, 'failed')} (${request.status})`
      line.say(ok ? words(form, 'uploaded') : why, ok ? 'done' : 'failed')
      resolve(ok)
    }
    request.onerror = () => {
      line.say(words(form, 'broken'), 'failed')
      resolve(false)
    }
    request.onabort = () => {
      line.say(words(form, 'cancelled'), 'failed')
      resolve(false)
    }
    line.stop.onclick = () => request.abort()
    request.send(body)
  })

  // tooLargeForProxy tells whether a proxy in front of the site refused the size:
  // each answer of ours has the id of its request.
  const tooLargeForProxy = (request) => request.status === 413 && !request.getResponseHeader('X-Request-Id')

  // showRefusal takes over what the answered page says of the form's fields.
  const showRefusal = (form, request) => {
    const page = new DOMParser().parseFromString(request.responseText, 'text/html')
    for (const note of page.querySelectorAll('.field-note')) {
      const mine = form.querySelector(`#${CSS.escape(note.id)}`)
      mine?.closest('.field')?.classList.toggle('invalid', !!note.firstElementChild)
      mine?.replaceWith(note)
    }
    form.querySelector('.error-summary')?.remove()
    const summary = page.querySelector('.error-summary')
    if (!summary) return
    form.prepend(summary)
    summary.focus()
  }

  // refusal is what the answered page says is wrong, nothing when it is not ours.
  const refusal = (request) => {
    const page = new DOMParser().parseFromString(request.responseText, 'text/html')
    return page.querySelector('.field-note .error span, .error-summary li, .toast p')?.textContent.trim()
  }

  document.addEventListener('submit', async (event) => {
    const form = event.target.closest('form[data-upload]')
    const input = form?.querySelector('input[type=file]')
    if (!input?.files.length) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (form.getAttribute('aria-busy') === 'true') return
    form.setAttribute('aria-busy', 'true')
    const files = [...input.files]
    const list = form.querySelector('[data-file-list]')
    const lines = files.map((_, index) => row(list, index))
    const dropped = new Set()
    lines.forEach((line, index) => {
      line.stop.textContent = words(form, 'cancel')
      line.stop.onclick = () => {
        dropped.add(index)
        line.say(words(form, 'cancelled'), 'failed')
      }
    })
    let all = true
    files.forEach((file, index) => {
      if (!(file.size > input.dataset.most)) return
      dropped.add(index)
      lines[index].say(input.dataset.tooLarge, 'failed')
    })
    for (const [index, file] of files.entries()) {
      if (dropped.has(index) || !(await send(form, input, file, lines[index]))) all = false
    }
    form.removeAttribute('aria-busy')
    if (all || input.multiple) input.value = ''
    if (!all) return
    form.removeAttribute('data-unsaved')
    location.assign(next ?? form.dataset.done ?? location.href)
  }, true)
})()
