import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { createDeskI18n } from "./i18n";
import { createDeskRouter } from "./router";
import { usePreferences } from "./stores/preferences";
import "./styles/desk.css";

const pinia = createPinia();
const app = createApp(App);
app.use(pinia);
app.use(createDeskI18n(usePreferences(pinia).locale));
app.use(createDeskRouter(pinia));
app.mount("#app");
