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
	{ path: "/pkg-versions", role: "requester", follow: "#pkg-versions tbody th a" },
	{ path: "/pkg-versions/new", role: "requester" },
	{ path: "/pkg-versions/new?source_from=object", role: "requester" },
	{ path: "/pkg-versions/new?source_from=external", role: "requester" },
	{ path: "/apps", role: "requester" },
	{ path: "/apps", role: "requester", follow: "#apps tbody th a" },
	{ path: "/apps/new", role: "requester" },
	{ path: "/buckets", role: "requester" },
	{ path: "/buckets", role: "requester", follow: "tbody th a" },
	{ path: "/buckets/new", role: "requester" },
	{ path: "/buckets/new?code=go&bucket_name=team-assets", role: "requester" },
	{ path: "/plans", role: "requester" },
	{ path: "/plans", role: "requester", follow: "tbody th a" },
	{ path: "/plans/new", role: "requester" },
	{ path: "/stores", role: "requester" },
	{ path: "/stores", role: "requester", follow: "tbody th a" },
	{ path: "/stores/new", role: "requester" },
	{ path: "/stores/new?code=curl", role: "requester" },
	{ path: "/orders", role: "viewer" },
	{ path: "/orders", role: "viewer", follow: "tbody th a" },
	{ path: "/activity", role: "viewer" },
	{ path: "/search?q=kb", role: "viewer" },
	{ path: "/api/conformance", role: "viewer" },
	{ path: "/team", role: "admin" },
	{ path: "/team/letterhead", role: "admin" },
	{ path: "/team/settings", role: "admin" },
	{ path: "/api", role: "viewer" },
	{ path: "/api/CreatePkgVersion", role: "viewer" },
	{ path: "/api/signing", role: "viewer" },
	{ path: "/api/checker", role: "admin" },
	{ path: "/team/keys", role: "admin" },
	{ path: "/team/keys", role: "admin", follow: "#key-list tbody th a" },
	{ path: "/team/keys/new", role: "admin" },
	{ path: "/site/keys", role: "admin" },
	{ path: "/account", role: "viewer" },
	{ path: "/gallery", role: "viewer" },
];
