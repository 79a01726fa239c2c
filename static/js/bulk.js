// The bar of the rows that are picked in a list: how many they are, what they come to,
// and boxes that pick a page or, with Shift, all between two. Without this file the
// boxes and the bar work, too.
(() => {
  const bars = () => document.querySelectorAll('form:has(> .picked)')
  const boxes = (bar) => [...bar.elements].filter((e) => e.name === 'pick')

  const sum = (picked) => {
    const sums = {}
    const words = new Set()
    for (const { dataset } of picked) {
      const [minor, currency] = (dataset.sum ?? '').split(' ')
      if (minor === '+') words.add(dataset.sum.slice(2))
      else if (currency) sums[currency] = (sums[currency] ?? 0) + Number(minor)
    }
    const amounts = Object.entries(sums).filter(([, minor]) => minor)
      .map(([currency, minor]) => new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(minor / 100))
    return [...amounts, ...words].join(' + ')
  }

  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text
  }

  const update = (bar) => {
    const all = boxes(bar)
    const picked = all.filter((box) => box.checked)
    const whole = bar.elements.all.checked
    const words = bar.querySelector('.picked').dataset
    if (!picked.length) bar.elements.all.checked = false
    say(bar.querySelector('[role=status]'), !picked.length ? '' : whole ? words.all : words.words.replace('{n}', picked.length))
    say(bar.querySelector('[data-sums]'), whole ? '' : sum(picked))
    const head = all[0]?.closest('table')?.tHead?.rows[0]?.cells[all[0].closest('th').cellIndex]
    if (!head) return
    let page = head.querySelector('[data-pick-page]')
    if (!page) {
      page = document.createElement('input')
      page.type = 'checkbox'
      page.dataset.pickPage = ''
      page.setAttribute('aria-label', words.page)
      head.prepend(page, ' ')
    }
    page.checked = picked.length === all.length
    page.indeterminate = picked.length > 0 && !page.checked
  }

  const updateAll = () => bars().forEach(update)
  let last
  document.addEventListener('click', ({ target, shiftKey }) => {
    if (target.name !== 'pick' || !target.form?.matches(':has(> .picked)')) return
    const all = boxes(target.form)
    const [from, to] = [all.indexOf(last), all.indexOf(target)].sort((a, b) => a - b)
    if (shiftKey && from >= 0) for (const box of all.slice(from, to + 1)) box.checked = target.checked
    last = target
  })
  document.addEventListener('change', ({ target }) => {
    if ('pickPage' in target.dataset) {
      const bar = target.closest('table').querySelector('tbody [name=pick]').form
      for (const box of boxes(bar)) box.checked = target.checked
      update(bar)
    } else if (target.form?.matches(':has(> .picked)')) update(target.form)
  })
  document.addEventListener('reset', ({ target }) => setTimeout(() => target.matches(':has(> .picked)') && update(target)))
  document.addEventListener('htmx:after:swap', updateAll)
  addEventListener('pageshow', updateAll)
  updateAll()
})()
