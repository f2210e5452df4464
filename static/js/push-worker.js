// The service worker of the team's pages: shows what a push brings, and opens Lotse when it is clicked.
// It keeps nothing and answers no request of a page. The same delivery has the same tag and shows once.

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data?.json() ?? {};
  } catch {
    // unreadable: that something waits is said all the same
  }
  event.waitUntil(
    self.registration.showNotification(said.title || "Lotse", {
      body: said.body || "",
      tag: said.tag || "lotse",
      icon: "/static/img/favicon.svg",
      requireInteraction: true,
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const open = async () => {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = pages.find((one) => new URL(one.url).pathname.startsWith("/team/"));
    return page ? page.focus() : self.clients.openWindow("/team/");
  };
  event.waitUntil(open());
});
