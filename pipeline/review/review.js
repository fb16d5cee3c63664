'use strict';
// Views by address, keys, the filter, and corrections. Text of pages is only ever read from and put into text nodes.
document.documentElement.classList.add('js');
addEventListener('DOMContentLoaded', () => {
  const one = (what, where = document) => where.querySelector(what);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const ROLES = new Map(all('#roles [data-role]').map((b) => [b.dataset.role, b.querySelector('.chip').textContent]));
  const KEPT = new Set(all('#roles .choices:first-of-type [data-role]').map((b) => b.dataset.role));
  const KEYS = new Map(all('#roles [data-role]').filter((b) => one('kbd', b)).map((b) => [one('kbd', b).textContent, b.dataset.role]));
  const STORE = 'broadsheet-corrections';
  const pages = all('.page');
  const lines = all('.l:not(.blank)');
  const roleOf = (line) => [...ROLES.keys()].find((role) => line.classList.contains(role));
  const keyOf = (line) => {
    const page = line.closest('.page').dataset.pageId;
    const number = line.id.split('-')[1].split('.')[0];
    return [page, number, line.dataset.part, line.dataset.hash].join(',');
  };
  const textOf = (line) => one('.said bdi', line).textContent;
  const printed = new Map(lines.map((line) => [line, { role: roleOf(line), drop: line.classList.contains('drop') }]));
  const byKey = new Map(lines.map((line) => [keyOf(line), line]));

  // --- views

  let open = null;
  function show() {
    const id = decodeURIComponent(location.hash.slice(1)) || 'start';
    const target = document.getElementById(id);
    const view = (target && target.closest('.view')) || document.getElementById('start');
    if (view !== open) {
      if (open) open.classList.remove('open');
      view.classList.add('open');
      const title = one('h1', view);
      document.title = `${title.textContent.replace(/[\u202a-\u202e\u2066-\u2069]/g, '')} – Broadsheet review`;
      if (open && target === view) title.focus({ preventScroll: true });
      open = view;
    }
    if (target && target !== view) {
      target.scrollIntoView({ block: 'center' });
      if (target.tabIndex === -1) target.focus({ preventScroll: true });
    } else {
      scrollTo(0, 0);
    }
  }
  const go = (id) => { if (location.hash === `#${id}`) show(); else location.hash = id; };
  addEventListener('hashchange', show);

  // --- filter

  const find = document.getElementById('find');
  let found = null; // lines, where a filter is set
  function filter() {
    const { role, reason, outlet, fate, sure } = Object.fromEntries(new FormData(find));
    one('.range output', find).textContent = sure;
    const on = Boolean(role || reason || outlet || fate || sure < 1);
    const outletOf = (line) => line.closest('.unit').dataset.outlet;
    const fits = (line) =>
      (!role || line.classList.contains(role)) &&
      (!reason || line.dataset.why === reason) &&
      (!outlet || (outlet === '-' ? !outletOf(line) : outletOf(line) === outlet.slice(1))) &&
      (!fate || line.classList.contains('drop') === (fate === 'drop')) &&
      Number(line.dataset.sure) <= Number(sure);
    found = on ? lines.filter(fits) : null;
    const hits = new Set(found);
    for (const line of lines) line.classList.toggle('dim', on && !hits.has(line));
    document.body.classList.toggle('filtered', on);
    one('[data-do=find] .active').hidden = !on;
    const here = new Set((found || []).map((line) => line.closest('.page').id));
    for (const row of all('tr[data-page]')) row.classList.toggle('off', on && !here.has(row.dataset.page));
    const count = (n, word) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
    document.getElementById('found').textContent = on ? `${count(hits.size, 'line')} on ${count(here.size, 'page')}` : 'No filter';
  }
  find.addEventListener('input', filter);
  find.addEventListener('submit', (event) => event.preventDefault());
  find.addEventListener('reset', () => setTimeout(filter)); // the fields are empty only then
  function toggleFind(on = find.hidden) {
    find.hidden = !on;
    one('[data-do=find]').setAttribute('aria-expanded', String(on));
    if (on) one('select', find).focus();
  }

  // --- going about

  function page(step) {
    const here = found && new Set(found.map((line) => line.closest('.page')));
    const list = here ? pages.filter((p) => here.has(p) || p === open) : pages;
    const next = list[list.indexOf(open) + step];
    if (next) go(next.id);
    else if (step < 0) go('start');
  }
  const current = () => { const at = document.activeElement; return at && at.closest('.l:not(.blank)'); };
  function focus(line) {
    if (!line) return;
    if (line.closest('.view') !== open) return go(line.id);
    line.focus({ preventScroll: true });
    line.scrollIntoView({ block: 'nearest' });
  }
  function step(n) {
    if (!open || !open.matches('.page')) return;
    const here = lines.filter((line) => open.contains(line));
    const at = current() || one('.l:target', open);
    const to = at ? here.indexOf(at) + n : n > 0 ? 0 : -1;
    focus(here[to]);
  }
  function match() {
    const list = found || [];
    const at = current();
    const behind = (line) => at
      ? at.compareDocumentPosition(line) & Node.DOCUMENT_POSITION_FOLLOWING
      : !open.matches('.page') || open.contains(line) || open.compareDocumentPosition(line) & Node.DOCUMENT_POSITION_FOLLOWING;
    focus(list.find(behind) || list[0]);
  }

  // --- corrections

  let given = new Map(); // key → role
  const SAFE = /^[0-9a-f]{32},[0-9]{1,9},[0-9]{1,9},[0-9a-f]{32}$/;
  const tray = document.getElementById('tray');
  function load() {
    try {
      const rows = Object.entries(JSON.parse(localStorage.getItem(STORE)) || {});
      given = new Map(rows.filter(([key, role]) => SAFE.test(key) && ROLES.has(role)));
    } catch { given = new Map(); }
    // what the corpus says by now is no correction any more
    for (const [key, role] of given) if (byKey.has(key) && printed.get(byKey.get(key)).role === role) given.delete(key);
  }
  function save() {
    try { localStorage.setItem(STORE, JSON.stringify(Object.fromEntries(given))); } catch { /* kept while the page is open */ }
    const n = given.size;
    tray.hidden = n === 0;
    one('output', tray).textContent = `${n} correction${n === 1 ? '' : 's'}`;
  }
  function paint(line, role, drop) {
    const was = printed.get(line);
    const edited = role !== was.role;
    line.classList.remove(...ROLES.keys());
    line.classList.add(role);
    line.classList.toggle('drop', drop);
    line.classList.toggle('edited', edited);
    one('.role', line).textContent = ROLES.get(role);
    const text = one('.said > bdi, .said > del', line);
    if ((text.localName === 'del') !== drop) {
      const bdi = text.localName === 'del' ? one('bdi', text) : text;
      const del = document.createElement('del');
      text.replaceWith(drop ? del : bdi);
      if (drop) del.append(bdi);
    }
    const quick = one('.quick', line);
    if (quick) quick.textContent = drop ? 'Keep' : 'Drop';
    const note = one('.was', line);
    if (note) note.remove();
    if (edited) {
      const said = document.createElement('span');
      said.className = 'was';
      said.textContent = `was ${ROLES.get(was.role)}`;
      line.append(said);
    }
  }
  function correct(line, role) {
    const was = printed.get(line);
    const same = role === was.role;
    if (same) given.delete(keyOf(line)); else given.set(keyOf(line), role);
    paint(line, role, same ? was.drop : !KEPT.has(role));
    save();
  }
  function csv() {
    const rows = [...given].map(([key, role]) => `${key},${role}`).sort();
    return [document.body.dataset.columns, ...rows, ''].join('\n');
  }
  function download(name, text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  const forget = (key) => { const line = byKey.get(key); if (line) correct(line, printed.get(line).role); given.delete(key); save(); };
  const quickly = (line) => correct(line, line.classList.contains('edited') ? printed.get(line).role : line.classList.contains('drop') ? 'body' : 'boilerplate');

  const dialog = document.getElementById('roles');
  let chosen = null; // what is done with the role
  function askRole(text, role, then) {
    chosen = then;
    one('.quote bdi', dialog).textContent = text;
    for (const b of all('[data-role]', dialog)) b.setAttribute('aria-pressed', String(b.dataset.role === role));
    dialog.showModal();
    one('[aria-pressed=true]', dialog).focus();
  }
  function choose(role) {
    dialog.close();
    chosen(role);
  }
  const ask = (line) => askRole(textOf(line), roleOf(line), (role) => correct(line, role));
  dialog.addEventListener('click', (event) => {
    const button = event.target.closest('[data-role]');
    if (button) choose(button.dataset.role);
  });

  // --- the random sample

  const JUDGED = 'broadsheet-audit';
  const questions = all('.q');
  let answers = new Map(); // key → what it is
  function loadAnswers() {
    try { answers = new Map(Object.entries(JSON.parse(localStorage.getItem(JUDGED)) || {})); } catch { answers = new Map(); }
  }
  const isArticle = (q) => q.dataset.said === 'article';
  const right = (q) => (isArticle(q) ? 'right' : q.dataset.said);
  const valid = (q, is) => (isArticle(q) ? ['right', 'wrong'].includes(is) : ROLES.has(is));
  function paintAnswers() {
    let n = 0;
    for (const q of questions) {
      const is = answers.get(q.dataset.key);
      const given = valid(q, is);
      n += given;
      for (const b of all('[data-answer]', q)) b.setAttribute('aria-pressed', String(given && (b.dataset.answer === 'right') === (is === right(q))));
      one('.given', q).textContent = given && !isArticle(q) && is !== right(q) ? `is ${ROLES.get(is)}` : '';
    }
    document.getElementById('judged').textContent = `${n} of ${questions.length} judged`;
  }
  function answer(q, is) {
    answers.set(q.dataset.key, is);
    try { localStorage.setItem(JUDGED, JSON.stringify(Object.fromEntries(answers))); } catch { /* kept while the page is open */ }
    paintAnswers();
  }
  function judge(q, said) {
    if (said === 'ask') askRole(one('.this bdi', q).textContent, q.dataset.said, (role) => answer(q, role));
    else answer(q, said === 'right' ? right(q) : said);
  }
  function answered() {
    const rows = questions
      .filter((q) => valid(q, answers.get(q.dataset.key)))
      .map((q) => [q.dataset.key, q.dataset.said, q.dataset.kept, answers.get(q.dataset.key)].join(','));
    return [document.body.dataset.answers, ...rows, ''].join('\n');
  }
  const listed = document.getElementById('listed');
  function list() {
    one('ul', listed).replaceChildren(...[...given].map(([key, role]) => {
      const row = document.createElement('li');
      const line = byKey.get(key);
      const says = document.createElement('span');
      const text = document.createElement('bdi');
      text.textContent = line ? textOf(line).slice(0, 80) : `line ${key.split(',')[1]} of a page that is not shown here`;
      says.append(text);
      const undo = document.createElement('button');
      undo.type = 'button';
      undo.textContent = 'Undo';
      undo.addEventListener('click', () => { forget(key); list(); if (!given.size) listed.close(); });
      const chip = document.createElement('span');
      chip.className = `chip ${role}`;
      chip.textContent = ROLES.get(role);
      row.append(chip, says, undo);
      return row;
    }));
    if (!listed.open) listed.showModal();
  }

  for (const line of lines) {
    const quick = document.createElement('button');
    quick.type = 'button';
    quick.className = 'quick';
    quick.tabIndex = -1;
    quick.textContent = line.classList.contains('drop') ? 'Keep' : 'Drop';
    line.append(quick);
  }

  const DO = {
    find: () => toggleFind(),
    help: () => document.getElementById('help').showModal(),
    'next-match': match,
    list,
    download: () => download('corrections.csv', csv()),
    answers: () => download('audit.csv', answered()),
    'forget-answers': () => { answers.clear(); localStorage.removeItem(JUDGED); paintAnswers(); },
    forget: () => { for (const key of [...given.keys()]) forget(key); listed.close(); },
  };
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.do) DO[button.dataset.do]();
    else if (button.matches('.l > .role')) ask(button.closest('.l'));
    else if (button.dataset.reason) {
      find.reset();
      find.reason.value = button.dataset.reason;
      find.fate.value = 'drop';
      toggleFind(true);
      filter();
      match();
    } else if (button.dataset.answer) judge(button.closest('.q'), button.dataset.answer);
    else if (button.matches('.quick')) quickly(button.closest('.l'));
  });
  document.addEventListener('keydown', (event) => {
    const on = document.getElementById('keys-on').checked;
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches('input, select, textarea') || one('dialog[open]:not(#roles)')) return;
    const line = current();
    const act = () => {
      if (dialog.open) return KEYS.has(event.key) && (choose(KEYS.get(event.key)), true);
      if (KEYS.has(event.key) && line) { correct(line, KEYS.get(event.key)); return true; }
      switch (event.key) {
        case 'n': page(1); return true;
        case 'p': page(-1); return true;
        case 'j': step(1); return true;
        case 'k': step(-1); return true;
        case 'm': match(); return true;
        case 'g': go('start'); return true;
        case 'z': if (line) forget(keyOf(line)); return true;
        case '/': toggleFind(true); return true;
        case '?': DO.help(); return true;
        case 'Enter': if (line && event.target === line) { ask(line); return true; }
      }
      return false;
    };
    if (act()) event.preventDefault();
  });

  load();
  for (const [key, role] of given) if (byKey.has(key)) paint(byKey.get(key), role, !KEPT.has(role));
  save();
  filter();
  loadAnswers();
  paintAnswers();
  show();
});
