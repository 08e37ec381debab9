/**
 * Temporary panel of the sidebar: redirects to the dashboard until Home Assistant is restarted.
 *
 * A page opened before the first meter was added has not loaded the cards and cannot show the dashboard. The
 * panel loads the module of the cards, which defines this element.
 */

export class SidebarRedirect extends HTMLElement {
  panel?: { config?: { path?: string } };

  connectedCallback(): void {
    // The frontend is still mounting this panel when it calls this method. So redirect in a microtask, after this call.
    queueMicrotask(() => {
      const path = this.panel?.config?.path;
      if (!path || !this.isConnected) return;
      history.replaceState(history.state, "", path);
      window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: true } }));
    });
  }
}
