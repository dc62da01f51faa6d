import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { DeskApi } from "../api/desk";
import { Http } from "../api/http";
import type { Agent, Presence } from "../api/types";

const TOKEN_KEY = "kefu.desk.token";
export const API_BASE = "/api/v1";

/** Who is logged in. The token lives in sessionStorage: a closed tab is a logged-out agent. */
export const useSession = defineStore("session", () => {
  const token = ref<string | null>(sessionStorage.getItem(TOKEN_KEY));
  const agent = ref<Agent | null>(null);
  const expired = ref(false);

  const http = new Http({ base: API_BASE, token: () => token.value, onUnauthorized: () => end(true) });
  const api = new DeskApi(http);

  const isLoggedIn = computed(() => token.value !== null);
  const seesAll = computed(() => agent.value?.role === "supervisor" || agent.value?.role === "admin");

  function keep(value: string | null): void {
    token.value = value;
    if (value === null) sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, value);
  }

  async function login(email: string, password: string): Promise<void> {
    const answer = await api.login(email, password);
    keep(answer.token);
    agent.value = answer.agent;
    expired.value = false;
  }

  /** Forget the session; `wasExpired` when the gateway ended it, so that the log-in page can say why. */
  function end(wasExpired: boolean): void {
    if (token.value === null) return;
    keep(null);
    agent.value = null;
    expired.value = wasExpired;
  }

  async function logout(): Promise<void> {
    await api.logout().catch(() => undefined);
    end(false);
  }

  async function loadAgent(): Promise<void> {
    agent.value = await api.me();
  }

  async function setStatus(status: Presence): Promise<void> {
    const fresh = await api.setStatus(status);
    if (agent.value) agent.value = fresh?.id === agent.value.id ? fresh : { ...agent.value, status };
  }

  return { token, agent, expired, api, isLoggedIn, seesAll, login, logout, end, loadAgent, setStatus };
});
