// The pages that pages.test.mjs looks at, in both themes and languages, narrow
// and wide. A new page is a new line:
//
//   path    where it is
//   role    who looks; nobody is signed in without one
//   follow  a link on that page to go on to, for pages whose address is made
//           by the program
export const pages = [
	{ path: "/sign-in" },
	{ path: "/", role: "requester" },
	{ path: "/pkg-versions", role: "requester" },
	{ path: "/pkg-versions", role: "requester", follow: "#versions th a" },
	{ path: "/pkg-versions/new", role: "requester" },
	{ path: "/pkg-versions/new?source_from=object", role: "requester" },
	{ path: "/pkg-versions/new?source_from=external", role: "requester" },
	{ path: "/apps", role: "requester" },
	{ path: "/apps", role: "requester", follow: "#apps th a" },
	{ path: "/apps/new", role: "requester" },
];
