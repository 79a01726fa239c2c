// form[data-upload]: its files are sent one after the other, each with its
// progress and a way to stop it, by the same request a browser would send
// without this file. A file of more bytes than the input's data-most is not sent
// at all, and data-names names the field for the exact name of the file, with the
// folders it was chosen in. A file of data-parts-from bytes or more is sent in
// parts, to what data-parts answers: the parts that came before the line, the tab
// or the server went down are not sent again. Where that names fields instead of the
// file, the form is sent with these at the end; where it answers nothing, the file is
// sent with the form. When all are through, the page that
// the answer names opens, or that of data-done; when one is not, its row says why
// and offers to try again, it stays chosen, and the list that data-list names shows
// what did get through. A form of one file that is refused shows what is wrong with
// its fields.
(() => {
  let next // where the answer to the last file sends the reader
  const words = (form, name) => form.dataset[name] ?? name
  const button = (text) => {
    const made = document.createElement('button')
    made.type = 'button'
    made.className = 'button small'
    made.textContent = text
    return made
  }

  // paths are those of the files of a list, where these were chosen with folders.
  const paths = new WeakMap()
  const chosen = (input) => [...input.files].map((file, index) => ({ file, path: paths.get(input.files)?.[index] ?? (file.webkitRelativePath || file.name) }))
  const choose = (input, items) => {
    const files = new DataTransfer()
    for (const { file } of items) files.items.add(file)
    input.files = files.files
    paths.set(input.files, items.map((item) => item.path))
  }

  // row is a file on its way, and its line of the list.
  const row = (form, item, { file, path }) => {
    const stop = button(words(form, 'cancel'))
    const again = button(words(form, 'again'))
    const bar = document.createElement('progress')
    bar.max = 1
    bar.setAttribute('aria-label', item.querySelector('.file-name').textContent)
    const state = item.querySelector('.file-state')
    const r = {
      file,
      path,
      again,
      begin() {
        r.stopped = false
        again.remove()
        item.className = ''
        bar.value = 0
        item.append(stop, bar)
      },
      say(...text) {
        state.replaceChildren(...text)
      },
      at(part) {
        bar.value = part
        r.say(`${Math.floor(100 * part)} %`)
      },
      // end says what became of it: why it is not there, or that it is.
      end(...why) {
        r.done = !why.length
        stop.remove()
        bar.remove()
        r.say(...(r.done ? [words(form, 'uploaded')] : why))
        item.className = r.done ? 'done' : 'failed'
        if (!r.done) item.append(again)
      },
    }
    stop.onclick = () => {
      r.stopped = true
      r.stop ? r.stop() : r.end(words(form, 'cancelled'))
    }
    return r
  }

  // post sends a request of a row and gives what came back: nothing has come with
  // the status 0.
  const post = (r, address, body, progress) => new Promise((resolve) => {
    const request = new XMLHttpRequest()
    request.open('POST', address)
    request.setRequestHeader('HX-Request', 'true')
    request.setRequestHeader('HX-Request-Type', 'partial')
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded, event.total)
    request.onloadend = () => {
      r.stop = undefined
      resolve(request)
    }
    r.stop = () => request.abort()
    request.send(body)
  })

  // fault is why a row is not through, as words and what else belongs there.
  const fault = (form, r, request) => {
    if (r.stopped) return [words(form, r.parts ? 'stopped' : 'cancelled')]
    if (!request.status) return [words(form, 'broken')]
    const to = request.getResponseHeader('HX-Redirect')
    if (to?.startsWith('/sign-in')) {
      const way = document.createElement('a')
      way.href = '/sign-in'
      way.target = '_blank'
      way.textContent = words(form, 'signIn')
      return [words(form, 'signedOut'), ' ', way]
    }
    if (request.status < 400) return
    if (tooLargeForProxy(request)) return [words(form, 'tooLargeForProxy')]
    return [refusal(request) ?? `${words(form, 'failed')} (${request.status})`]
  }

  const fields = (form, input, r, body) => {
    for (const [name, value] of new FormData(form)) {
      if (name !== input.name) body.append(name, value)
    }
    // A browser escapes quotes and line breaks in the name of the file itself.
    if (input.dataset.names) body.append(input.dataset.names, r.path)
    return body
  }

  const send = async (form, input, r) => {
    const body = fields(form, input, r, new FormData())
    body.append(input.name, r.file)
    const request = await post(r, form.action, body, (loaded, total) => r.at(loaded / total))
    const why = fault(form, r, request)
    if (!why) next = request.getResponseHeader('HX-Redirect') ?? next
    else if (request.status && !input.multiple) showRefusal(form, request)
    return why
  }

  // persist is post that waits and tries again where the line broke or the server
  // starts anew, for some minutes.
  const longest = 30
  const persist = async (form, r, address, body, progress = () => {}) => {
    for (let wait = 1, tries = 1; ; wait = Math.min(2 * wait, longest), tries++) {
      const request = await post(r, address, body, progress)
      const passes = !request.status || [502, 503, 504].includes(request.status)
      if (!passes || r.stopped || tries > 9) return request
      r.say(words(form, 'waiting').replace('#', wait))
      await new Promise((resolve) => {
        r.stop = resolve
        addEventListener('online', resolve, { once: true })
        setTimeout(resolve, 1000 * wait)
      })
      if (r.stopped) return request
    }
  }

  // instead are the fields that stand for a file whose parts are all through.
  const instead = new WeakMap()

  // sendInstead sends the form with such fields. What is drawn when it is refused has
  // the file as they name it.
  const sendInstead = async (form, input, r) => {
    const body = fields(form, input, r, new FormData())
    for (const [name, value] of Object.entries(instead.get(r.file))) body.set(name, value)
    const request = await post(r, form.action, body, () => {})
    const why = fault(form, r, request)
    if (!why) next = request.getResponseHeader('HX-Redirect') ?? next
    const drawn = why && request.status === 422 && new DOMParser().parseFromString(request.responseText, 'text/html').getElementById(form.id)
    if (drawn) {
      form.replaceWith(drawn)
      htmx.process(drawn)
      drawn.querySelector('.error-summary')?.focus()
    }
    return why
  }

  const sendParts = async (form, input, r) => {
    const { file } = r
    if (instead.has(file)) return sendInstead(form, input, r)
    r.parts = true
    const about = fields(form, input, r, new URLSearchParams())
    if (!input.dataset.names) about.append(input.name, r.path)
    for (const [name, value] of Object.entries({ type: file.type, size: file.size, modified: file.lastModified })) about.append(name, value)
    let request = await persist(form, r, form.dataset.parts, about)
    let why = fault(form, r, request)
    if (why && request.status === 422 && !input.multiple) showRefusal(form, request)
    if (why) return why
    if (request.status === 204) return send(form, input, r)
    const plan = JSON.parse(request.responseText)
    for (let number = 1, from = 0; from < file.size; number++, from += plan.size) {
      const part = file.slice(from, from + plan.size)
      if (plan.have[number] !== part.size) {
        request = await persist(form, r, plan.parts + number, part, (loaded) => r.at((from + loaded) / file.size))
        why = fault(form, r, request)
        if (why) return why
      }
      r.at((from + part.size) / file.size)
    }
    why = fault(form, r, await persist(form, r, plan.complete))
    if (why || !plan.instead) return why
    instead.set(file, plan.instead)
    return sendInstead(form, input, r)
  }

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

  // refusal is what the answer says is wrong, nothing when it is not ours.
  const refusal = (request) => {
    if (request.getResponseHeader('Content-Type')?.startsWith('text/plain')) return request.responseText
    const page = new DOMParser().parseFromString(request.responseText, 'text/html')
    return page.querySelector('.field-note .error span, .error-summary li, .toast p')?.textContent.trim()
  }

  document.addEventListener('submit', (event) => {
    const form = event.target.closest('form[data-upload]')
    const input = form?.querySelector('[data-file-drop] input:enabled')
    if (!input?.files.length) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (form.getAttribute('aria-busy') === 'true') return
    input.dispatchEvent(new Event('files', { bubbles: true })) // lists them anew
    const list = form.querySelector('[data-file-list]')
    const rows = chosen(input).map((item, index) => row(form, list.children[index], item))
    const go = async (these) => {
      if (form.getAttribute('aria-busy') === 'true') return
      form.setAttribute('aria-busy', 'true')
      for (const r of these) {
        r.begin()
        if (r.file.size > input.dataset.most) r.end(input.dataset.tooLarge)
      }
      for (const r of these) {
        if (r.done === false && r.again.isConnected) continue // refused or stopped before its turn
        const why = await (r.file.size >= form.dataset.partsFrom ? sendParts : send)(form, input, r)
        r.end(...(why ?? []))
      }
      form.removeAttribute('aria-busy')
      const left = rows.filter((r) => !r.done)
      choose(input, left)
      if (left.length) {
        const { list: target } = form.dataset
        if (target && these.some((r) => r.done)) htmx.ajax('GET', location.href, { target, swap: 'outerMorph', headers: { 'HX-Target': `div${target}` } })
        return
      }
      form.removeAttribute('data-unsaved')
      location.assign(next ?? form.dataset.done ?? location.href)
    }
    for (const r of rows) r.again.onclick = () => go([r])
    go(rows)
  }, true)

  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const element = event.target.closest?.(selector)
      if (element) act(element, event)
    })

  // data-file-drop: files dropped on the area are those of its input, and the
  // chosen ones are listed. What a folder holds keeps its path; where there is room
  // for one file only, a folder is none, and its row says so.
  const size = (bytes) => {
    const units = ['B', 'KB', 'MB', 'GB', 'TB']
    let step = 0
    while (bytes >= 1024 && step < units.length - 1) {
      bytes /= 1024
      step++
    }
    return `${Math.round(10 * bytes) / 10} ${units[step]}`
  }
  const fileRow = (called, said, how = '') => {
    const row = document.createElement('li')
    row.className = how
    for (const [part, text] of Object.entries({ name: called, state: said })) {
      const span = document.createElement('span')
      span.className = `file-${part}`
      span.textContent = text
      row.append(span)
    }
    return row
  }
  const listFiles = (area) => {
    const files = chosen(area.querySelector('input[type=file]'))
    area.querySelector('[data-file-list]').replaceChildren(...files.map(({ file, path }) => fileRow(path, size(file.size))))
  }
  for (const type of ['change', 'files']) on(type, '[data-file-drop]', listFiles)
  for (const type of ['dragenter', 'dragover']) {
    on(type, '[data-file-drop]', (area, event) => {
      event.preventDefault()
      area.classList.add('over')
    })
  }
  on('dragleave', '[data-file-drop]', (area, event) => {
    if (!area.contains(event.relatedTarget)) area.classList.remove('over')
  })

  // below are the files of what was dropped, with their paths; one that cannot be
  // read has no file.
  const below = async (entry) => {
    const path = entry.fullPath.slice(1)
    try {
      if (entry.isFile) return [{ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) }]
      const reader = entry.createReader()
      const all = []
      for (let some; !some || some.length; all.push(...some)) some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
      return (await Promise.all(all.map(below))).flat()
    } catch {
      return [{ path }]
    }
  }
  const take = (area, items, others = []) => {
    const input = area.querySelector('input[type=file]')
    choose(input, items)
    input.dispatchEvent(new Event('change', { bubbles: true }))
    area.querySelector('[data-file-list]').append(...others)
  }
  on('drop', '[data-file-drop]', async (area, event) => {
    event.preventDefault()
    area.classList.remove('over')
    const files = [...event.dataTransfer.files]
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean)
    if (!area.querySelector('input[type=file]').multiple) {
      const folders = entries.filter((entry) => entry.isDirectory).map((entry) => entry.name)
      const file = files.find((file) => !folders.includes(file.name))
      return take(area, file ? [{ file, path: file.name }] : [], folders.map((name) => fileRow(name, area.dataset.folder, 'failed')))
    }
    const all = entries.length ? (await Promise.all(entries.map(below))).flat() : files.map((file) => ({ file, path: file.name }))
    take(area, all.filter((item) => item.file), all.filter((item) => !item.file).map((item) => fileRow(item.path, area.dataset.unreadable, 'failed')))
  })
  on('click', '[data-choose-folder]', (button) => {
    const folder = document.createElement('input')
    Object.assign(folder, { type: 'file', webkitdirectory: true })
    folder.onchange = () => take(button.closest('[data-file-drop]'), chosen(folder))
    folder.click()
  })
})()
