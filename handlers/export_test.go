package handlers

// APIRoutes is the part of Routes that programs call.
var APIRoutes = apiRoutes
