// The photo's page, which the viewer may have put into the history: "back" from it leads to the grid again.

import "./copy.js";

addEventListener("popstate", () => location.reload());
