// Embeds the customer-service widget with its public snippet. When the gateway does not answer, the page is simply
// without it.
(() => {
  "use strict";
  const config = JSON.parse(document.currentScript.dataset.config);
  // Who this browser last was for the widget, so that a switch also counts when the widget was not there to hear of it.
  const LAST = "shop.widget.user";
  const RESET_WAIT_MS = 1500;

  const remembered = {
    get() {
      try { return localStorage.getItem(LAST) || ""; } catch { return ""; }
    },
    set(id) {
      try { localStorage.setItem(LAST, id); } catch { /* private windows may refuse */ }
    },
  };

  async function forget() {
    if (!window.$kefu) return;
    const late = new Promise((resolve) => setTimeout(resolve, RESET_WAIT_MS));
    await Promise.race([Promise.resolve(window.$kefu.reset()).catch(() => {}), late]);
    remembered.set("");
  }

  window.addEventListener("kefu:ready", async () => {
    const id = config.user ? config.user.id : "";
    const before = remembered.get();
    if (before && before !== id) await forget();
    window.$kefu.setLocale(config.locale);
    if (config.user) {
      const { name, email, identifier_hash } = config.user;
      window.$kefu.setUser(id, { name, email, identifier_hash });
      remembered.set(id);
    }
    for (const button of document.querySelectorAll("[data-ask]")) {
      button.hidden = false;
      button.addEventListener("click", () => window.$kefu.toggle("open"));
    }
  }, { once: true });

  for (const form of document.querySelectorAll("[data-switch]")) {
    form.addEventListener("submit", async (event) => {
      // Somebody who signs in keeps the conversation begun as nobody.
      if (!window.$kefu || !config.user || form.dataset.left) return;
      event.preventDefault();
      const { submitter } = event;
      form.dataset.left = "1";
      await forget();
      // In a task of its own: while the first submit is still being told, the browser ignores a second.
      setTimeout(() => form.requestSubmit(submitter));
    });
  }

  const script = document.createElement("script");
  script.src = `${config.baseUrl}/sdk.js`;
  script.async = true;
  script.addEventListener("load", () => {
    if (window.kefuSDK) window.kefuSDK.run({ websiteToken: config.websiteToken, baseUrl: config.baseUrl });
  });
  document.head.append(script);
})();
