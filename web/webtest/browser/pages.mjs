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
];
