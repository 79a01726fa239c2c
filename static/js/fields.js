// What fields do in the reader's language that the browser would do in its own.
(() => {
  // data-file-pick: the names of the files that were chosen, or that there are none.
  document.addEventListener('change', ({ target }) => {
    const pick = target.closest?.('[data-file-pick]')
    if (!pick) return
    const names = [...target.files].map((file) => file.name).join(', ')
    pick.querySelector('[data-file-names]').textContent = names || pick.dataset.filePick
  })

  // data-show: the password beside the button is shown, or hidden again.
  document.addEventListener('click', ({ target }) => {
    const button = target.closest?.('[data-show]')
    if (!button) return
    const field = document.getElementById(button.getAttribute('aria-controls'))
    const shown = field.type === 'text'
    field.type = shown ? 'password' : 'text'
    button.setAttribute('aria-pressed', !shown)
    const words = button.textContent
    button.textContent = button.dataset.show
    button.dataset.show = words
    field.focus()
  })

  // A password is sent as one, so that the browser keeps it as one.
  document.addEventListener('submit', ({ target }) => {
    for (const button of target.querySelectorAll('[data-show][aria-pressed=true]')) document.getElementById(button.getAttribute('aria-controls')).type = 'password'
  })
})()
