import type { Pinia } from "pinia";
import { createRouter, createWebHashHistory, type Router } from "vue-router";
import DeskPage from "./pages/DeskPage.vue";
import LoginPage from "./pages/LoginPage.vue";
import { useSession } from "./stores/session";

/** Hash addresses: the gateway then serves one static page and needs to know nothing of the desk's pages. */
export function createDeskRouter(pinia: Pinia): Router {
  const router = createRouter({
    history: createWebHashHistory("/desk/"),
    routes: [
      { path: "/login", name: "login", component: LoginPage },
      { path: "/", name: "desk", component: DeskPage },
      { path: "/c/:id", name: "conversation", component: DeskPage },
      { path: "/:anything(.*)", redirect: "/" },
    ],
  });
  router.beforeEach((to) => {
    const session = useSession(pinia);
    if (!session.isLoggedIn && to.name !== "login") {
      return { name: "login", query: to.fullPath === "/" ? {} : { to: to.fullPath } };
    }
    if (session.isLoggedIn && to.name === "login") return { name: "desk" };
    return true;
  });
  return router;
}
