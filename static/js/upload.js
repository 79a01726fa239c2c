// form[data-upload]: its files are sent one after the other, each with its
// progress and a way to stop it, by the same request a browser would send
// without this file. A file of more bytes than the input's data-most is not sent
// at all, and data-names names the field for the exact name of the file. When all
// are through, the page that the answer names opens, or that of data-done;
// when one is not, its row says so, it stays chosen to be sent again, and the list
// that data-list names shows what did get through. A form of one file that is
// refused shows what is wrong with its fields.
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
    const input = form?.querySelector('input[type=file]:enabled')
    if (!input?.files.length) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (form.getAttribute('aria-busy') === 'true') return
    form.setAttribute('aria-busy', 'true')
    const files = [...input.files]
    input.dispatchEvent(new Event('files', { bubbles: true })) // lists them anew
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
    const again = new DataTransfer()
    files.forEach((file, index) => {
      if (!(file.size > input.dataset.most)) return
      dropped.add(index)
      lines[index].say(input.dataset.tooLarge, 'failed')
    })
    for (const [index, file] of files.entries()) {
      if (dropped.has(index) || !(await send(form, input, file, lines[index]))) again.items.add(file)
    }
    form.removeAttribute('aria-busy')
    input.files = again.files
    if (again.files.length) {
      const { list: target } = form.dataset
      if (target && again.files.length < files.length) htmx.ajax('GET', location.href, { target, swap: 'outerMorph', headers: { 'HX-Target': `div${target}` } })
      return
    }
    form.removeAttribute('data-unsaved')
    location.assign(next ?? form.dataset.done ?? location.href)
  }, true)

  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const element = event.target.closest?.(selector)
      if (element) act(element, event)
    })

  // data-file-drop: files dropped on the area are those of its input, and the
  // chosen ones are listed. A folder is none of them, and its row says so.
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
    const files = [...area.querySelector('input[type=file]').files]
    area.querySelector('[data-file-list]').replaceChildren(...files.map((file) => fileRow(file.name, size(file.size))))
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
  on('drop', '[data-file-drop]', (area, event) => {
    event.preventDefault()
    area.classList.remove('over')
    const input = area.querySelector('input[type=file]')
    const dropped = new DataTransfer()
    const folder = (_, index) => event.dataTransfer.items[index]?.webkitGetAsEntry?.()?.isDirectory
    const all = [...event.dataTransfer.files]
    const folders = all.filter(folder)
    const files = all.filter((file) => !folders.includes(file))
    for (const file of input.multiple ? files : files.slice(0, 1)) dropped.items.add(file)
    input.files = dropped.files
    input.dispatchEvent(new Event('change', { bubbles: true }))
    area.querySelector('[data-file-list]').append(...folders.map((file) => fileRow(file.name, area.dataset.folder, 'failed')))
  })
})()
