/** What stands in the sidebar until Home Assistant is restarted: it opens the dashboard.
 *
 * A page that was open before the first meter was added does not have this module, and would wait in
 * vain for the dashboard. A panel of an integration brings its module along; this is all it is for.
 */

export const SIDEBAR_REDIRECT = "smarty-p1-opener";

export class SidebarRedirect extends HTMLElement {
  panel?: { config?: { path?: string } };

  connectedCallback(): void {
    // The page is still busy with showing this.
    queueMicrotask(() => {
      const path = this.panel?.config?.path;
      if (!path || !this.isConnected) return;
      history.replaceState(history.state, "", path);
      window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: true } }));
    });
  }
}
