/** Let links of what is written open apart: they must not take the place of a chat. */
export function linksApart(within) {
  for (const link of within.querySelectorAll(".prose a[href]")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
}
