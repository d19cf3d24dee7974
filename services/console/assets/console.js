"use strict";
/* What pages gain from a script: the live list, filters without a reload, forms that go once.
   Everything else works without it. */

(() => {
  const QUIET_MS = 25000; // the server says something every 10 s
  const FIRST_RETRY_MS = 1000, LAST_RETRY_MS = 15000;
  const MOST_WAITING = 200;
  const COUNTS_MS = 10000; // counts are read anew so long after something came, once

  // Forms go once ---------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.classList.contains("once")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
  window.addEventListener("pageshow", (event) => {
    // Shown again by the back button: what it says may be old.
    if (event.persisted) window.location.reload();
  });

  // Back to the list as it was ----------------------------------------------------------------------
  const back = document.getElementById("back");
  if (back && document.referrer.startsWith(location.origin + "/?")) back.href = document.referrer;

  // Links that change the filter swap the board, as the form does -------------------------------------
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || !window.htmx || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const path = link.getAttribute("href");
    htmx.ajax("GET", path, { target: "#board", select: "#board", swap: "outerHTML" }).then(() => {
      history.pushState({ htmx: true }, "", path);
    });
  });
  window.addEventListener("popstate", () => { if (document.getElementById("board")) window.location.reload(); });

  // Addresses without what is not asked for
  document.addEventListener("htmx:configRequest", (event) => {
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "" || (name === "sort" && value === "severity")) event.detail.formData.delete(name);
    }
  });

  // The live list -----------------------------------------------------------------------------------
  let source = null, watchdog = 0, retry = 0, pause = FIRST_RETRY_MS, last = null, waiting = new Map(), mustReload = false;
  const board = () => document.getElementById("board");
  const line = () => document.getElementById("live");
  const show = (state, word) => {
    const place = line();
    if (!place) return;
    place.dataset.state = state;
    const text = place.querySelector(".live-text");
    const said = place.dataset[word];
    if (text.textContent !== said) text.textContent = said;
  };
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => again("cut"), QUIET_MS);
  };
  const close = () => {
    clearTimeout(watchdog); clearTimeout(retry);
    if (source) source.close();
    source = null;
  };
  const again = (word) => {
    close();
    show("cut", word);
    retry = setTimeout(open, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LAST_RETRY_MS);
  };

  const open = () => {
    if (!line() || source) return;
    const { live, after } = board().dataset;
    source = new EventSource(`${live}&after=${last ?? after}`);
    const on = (kind, act) => source.addEventListener(kind, (event) => {
      if (event.lastEventId) last = event.lastEventId;
      alive();
      act(event.data ? JSON.parse(event.data) : null);
    });
    source.addEventListener("open", alive);
    source.addEventListener("error", () => {
      // A closed stream says nothing of its reason: ask whether the session still is.
      const closed = source && source.readyState === EventSource.CLOSED;
      again("cut");
      if (closed) fetch("/live?after=0", { headers: { "Last-Event-ID": "x" }, cache: "no-store" }).then((answer) => {
        if (answer.status === 401) { close(); show("cut", "over"); }
      }).catch(() => {});
    });
    on("beat", () => { pause = FIRST_RETRY_MS; show("on", "on"); });
    on("back", () => show("on", "on"));
    on("away", () => show("cut", "away"));
    on("over", () => { close(); show("cut", "over"); });
    on("reload", () => { mustReload = true; announce(); });
    on("gone", (told) => document.getElementById(`alert-${told.id}`)?.remove());
    on("alert", arrive);
  };

  // Counts follow, at ease: everybody's page would ask at once otherwise.
  let counting = 0;
  const count = () => {
    if (counting) return;
    counting = setTimeout(async () => {
      counting = 0;
      const address = location.href;
      const answer = await fetch(address, { cache: "no-store" }).catch(() => null);
      if (!answer || !answer.ok || answer.redirected || address !== location.href) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of [".tiles", ".tabs", ".regions"]) {
        const old = document.querySelector(part), now = fresh.querySelector(part);
        if (old && now && !old.contains(document.activeElement)) old.replaceWith(now);
      }
    }, COUNTS_MS * (0.5 + Math.random()));
  };

  const rowOf = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const arrive = (told) => {
    count();
    const row = rowOf(told.row), known = document.getElementById(row.id);
    if (known) {
      row.classList.add(told.fits ? "row-fresh" : "row-left");
      known.replaceWith(row);
    } else if (!told.fits) {
      waiting.delete(row.id);
      announce();
    } else if (board().dataset.first === "yes") {
      waiting.set(row.id, row);
      if (waiting.size > MOST_WAITING) mustReload = true;
      if (undisturbed()) insert(); else announce();
    } else {
      waiting.set(row.id, row);
      announce();
    }
  };
  // Nobody is about to click or to read on further down: a row may come in at the top.
  const undisturbed = () => {
    const rows = document.getElementById("rows");
    return rows && window.scrollY < 40 && !mustReload && !rows.matches(":hover") && !rows.contains(document.activeElement);
  };
  const insert = () => {
    const rows = document.getElementById("rows");
    for (const row of waiting.values()) { row.classList.add("row-fresh"); rows.prepend(row); }
    waiting.clear();
    document.getElementById("empty")?.remove();
    announce();
  };
  const announce = () => {
    const button = document.getElementById("fresh");
    if (!button) return;
    const n = waiting.size;
    button.hidden = !n && !mustReload;
    if (!button.hidden) button.textContent = mustReload ? button.dataset.reload : button.dataset[n === 1 ? "one" : "many"].replace("{n}", n);
  };
  document.addEventListener("click", (event) => {
    if (event.target.id !== "fresh") return;
    if (mustReload || board().dataset.first !== "yes") { window.location.assign(firstPage()); return; }
    insert();
    window.scrollTo({ top: 0, behavior: "instant" });
  });
  const firstPage = () => {
    const here = new URL(location.href);
    here.searchParams.delete("after");
    return here.pathname + here.search;
  };

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "board") return;
    // The board's filter is another one: so is its line.
    close();
    last = null; waiting = new Map(); mustReload = false;
    open();
  });
  window.addEventListener("pagehide", close);
  if (line()) open();
})();
