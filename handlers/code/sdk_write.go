package code

import (
	"net"
	"strconv"
	"strings"
)

// goROA writes a program with the vendor's SDK for Go.
func (w *writer) goROA() {
	w.goAliyun("webplus", w.name(), func() {
		// This client puts a port behind the domain in any case.
		w.line("\trequest.Port = %s", strconv.Quote(w.port()))
		for _, p := range w.given(true) {
			w.line("\trequest.QueryParams[%s] = %s", strconv.Quote(p.Name), strconv.Quote(p.Value))
		}
		for _, p := range w.given(false) {
			w.line("\trequest.%s = %s", p.Name, strconv.Quote(p.Value))
		}
	})
}

func (w *writer) goRPC() {
	w.goAliyun("bssopenapi", w.host, func() {
		for _, p := range w.Params {
			w.line("\trequest.%s = %s", p.Name, strconv.Quote(p.Value))
		}
	})
}

// goAliyun writes what the programs for the two products have in common.
func (w *writer) goAliyun(service, domain string, fill func()) {
	w.head("//", "go get github.com/aliyun/alibaba-cloud-sdk-go")
	w.line("package main\n")
	w.line("import (\n\t\"fmt\"\n\t\"log\"\n\t\"os\"\n")
	w.line("\t\"github.com/aliyun/alibaba-cloud-sdk-go/services/%s\"\n)\n", service)
	w.line("func main() {")
	w.line("\tclient, err := %s.NewClientWithAccessKey(%s,", service, strconv.Quote(w.region()))
	w.line("\t\tos.Getenv(%q), os.Getenv(%q))", w.id, w.secret)
	w.line("\tif err != nil {\n\t\tlog.Fatal(err)\n\t}")
	w.line("\tclient.Domain = %s", strconv.Quote(domain))
	w.line("\trequest := %s.Create%sRequest()", service, w.op.Name)
	w.line("\trequest.Scheme = %q", w.scheme)
	fill()
	w.line("\tresponse, err := client.%s(request)", w.op.Name)
	w.line("\tif err != nil {\n\t\tlog.Fatal(err)\n\t}")
	w.line("\tfmt.Println(response.GetHttpContentString())\n}")
}

// name is the desk's host without its port.
func (w *writer) name() string { return strings.TrimSuffix(w.host, ":"+w.port()) }

// port is the desk's port, also where the address leaves it out.
func (w *writer) port() string {
	if _, port, err := net.SplitHostPort(w.host); err == nil {
		return port
	}
	if w.scheme == "https" {
		return "443"
	}
	return "80"
}

// goSDK writes a program with the core of the other vendor's SDK, whose line
// for Go has no client for stores of its own.
func (w *writer) goSDK() {
	w.head("//", "go get github.com/huaweicloud/huaweicloud-sdk-go-v3")
	w.line("package main\n")
	w.line("import (\n\t\"fmt\"\n\t\"log\"\n\t\"os\"\n")
	for _, sub := range []string{"", "/auth/basic", "/def"} {
		w.line("\t\"github.com/huaweicloud/huaweicloud-sdk-go-v3/core%s\"", sub)
	}
	w.line(")\n")
	w.line("type request struct{ Body map[string]any }\n")
	w.line("type response struct {\n\tHttpStatusCode int            `json:\"-\"` // the core fills it in\n\tCode           string         `json:\"code\"`\n\tMessage        string         `json:\"message\"`\n\tData           map[string]any `json:\"data\"`\n}\n")
	w.line("func main() {")
	w.line("\tcredentials, err := basic.NewCredentialsBuilder().")
	w.line("\t\tWithAk(os.Getenv(%q)).WithSk(os.Getenv(%q)).", w.id, w.secret)
	w.line("\t\tWithProjectId(\"-\").SafeBuild() // the path has no project")
	w.line("\tif err != nil {\n\t\tlog.Fatal(err)\n\t}")
	w.line("\tclient, err := core.NewHcHttpClientBuilder().")
	w.line("\t\tWithCredential(credentials).WithEndpoints([]string{%s}).SafeBuild()", strconv.Quote(w.base))
	w.line("\tif err != nil {\n\t\tlog.Fatal(err)\n\t}")
	w.line("\toperation := def.NewHttpRequestDefBuilder().WithMethod(\"POST\").WithPath(%q).", w.op.Path)
	w.line("\t\tWithContentType(\"application/json\").WithResponse(new(response)).")
	w.line("\t\tWithRequestField(def.NewFieldDef().WithName(\"Body\").WithLocationType(def.Body)).Build()")
	w.line("\treply, err := client.Sync(&request{Body: %s}, operation)", w.tree(true).write(goStyle, "\t", "\t"))
	w.line("\tif err != nil {\n\t\tlog.Fatal(err)\n\t}")
	w.line("\tfmt.Printf(\"%%+v\\n\", reply.(*response))\n}")
}

// each writes a line for each parameter, with its name and value quoted.
func (w *writer) each(params []Param, format string) {
	for _, p := range params {
		w.line(format, quote(p.Name), quote(p.Value))
	}
}

// pythonROA writes a program with the vendor's SDK for Python.
func (w *writer) pythonROA() {
	w.pythonAliyun(func() {
		w.line("request.set_uri_pattern(%s)", quote(w.op.Path))
		w.each(w.given(true), "request.add_query_param(%s, %s)")
		w.each(w.given(false), "request.add_body_params(%s, %s)")
	})
}

func (w *writer) pythonRPC() {
	w.pythonAliyun(func() {
		w.line("request.set_action_name(%s)", quote(w.op.Name))
		w.each(w.Params, "request.add_query_param(%s, %s)")
	})
}

func (w *writer) pythonAliyun(fill func()) {
	w.head("#", "pip install aliyun-python-sdk-core")
	w.line("import os\n\nfrom aliyunsdkcore.client import AcsClient\nfrom aliyunsdkcore.request import CommonRequest\n")
	w.line("client = AcsClient(\n    os.environ[%q],\n    os.environ[%q],\n    %s,\n)", w.id, w.secret, quote(w.region()))
	w.line("request = CommonRequest()")
	w.line("request.set_method(\"POST\")")
	w.line("request.set_protocol_type(%q)", w.scheme)
	w.line("request.set_domain(%s)", quote(w.host))
	w.line("request.set_version(%q)", w.op.Product.Version)
	w.line("request.set_accept_format(\"json\")")
	fill()
	w.line("print(client.do_action_with_exception(request).decode())")
}

// pythonSDK writes a program that signs with what Python has itself.
func (w *writer) pythonSDK() {
	w.head("#", signedHere)
	w.line("import datetime\nimport hashlib\nimport hmac\nimport json\nimport os\nimport urllib.error\nimport urllib.request\n")
	w.line("host, path = %s, %s", quote(w.host), quote(w.op.Path))
	w.line("body = json.dumps(%s, ensure_ascii=False).encode()\n", w.tree(true).write(pythonStyle, "", "    "))
	w.line("date = datetime.datetime.now(datetime.timezone.utc).strftime(\"%%Y%%m%%dT%%H%%M%%SZ\")")
	w.line("signed = \"content-type;host;x-sdk-date\"")
	w.line("canonical = \"\\n\".join([")
	w.line("    \"POST\", path + \"/\", \"\", \"content-type:application/json\", \"host:\" + host,")
	w.line("    \"x-sdk-date:\" + date, \"\", signed, hashlib.sha256(body).hexdigest(),\n])")
	w.line("to_sign = \"\\n\".join([\"SDK-HMAC-SHA256\", date, hashlib.sha256(canonical.encode()).hexdigest()])")
	w.line("signature = hmac.new(os.environ[%q].encode(), to_sign.encode(), hashlib.sha256).hexdigest()", w.secret)
	w.line("request = urllib.request.Request(%s + host + path, body, method=\"POST\", headers={", quote(w.scheme+"://"))
	w.line("    \"Content-Type\": \"application/json\",\n    \"X-Sdk-Date\": date,")
	w.line("    \"Authorization\": f\"SDK-HMAC-SHA256 Access={os.environ['%s']}, SignedHeaders={signed}, Signature={signature}\",\n})", w.id)
	w.line("try:\n    reply = urllib.request.urlopen(request)\nexcept urllib.error.HTTPError as refused:\n    reply = refused  # its body says why\nprint(reply.read().decode())")
}

// signedHere is said of programs that need nothing but their language.
const signedHere = "Signed by hand, SDK-HMAC-SHA256: nothing to install."

// javaROA writes a program with the vendor's SDK for Java.
func (w *writer) javaROA() {
	w.javaAliyun(func() {
		w.line("        request.setSysUriPattern(%s);", quote(w.op.Path))
		w.each(w.given(true), "        request.putQueryParameter(%s, %s);")
		w.each(w.given(false), "        request.putBodyParameter(%s, %s);")
	})
}

func (w *writer) javaRPC() {
	w.javaAliyun(func() {
		w.line("        request.setSysAction(%s);", quote(w.op.Name))
		w.each(w.Params, "        request.putQueryParameter(%s, %s);")
	})
}

func (w *writer) javaAliyun(fill func()) {
	w.head("//", "Maven: com.aliyun:aliyun-java-sdk-core")
	for _, name := range []string{"CommonRequest", "DefaultAcsClient", "http.MethodType", "http.ProtocolType", "profile.DefaultProfile"} {
		w.line("import com.aliyuncs.%s;", name)
	}
	w.line("\npublic class %s {", w.op.Name)
	w.line("    public static void main(String[] args) throws Exception {")
	w.line("        var client = new DefaultAcsClient(DefaultProfile.getProfile(%s,", quote(w.region()))
	w.line("            System.getenv(%q), System.getenv(%q)));", w.id, w.secret)
	w.line("        var request = new CommonRequest();")
	w.line("        request.setSysMethod(MethodType.POST);")
	w.line("        request.setSysProtocol(ProtocolType.%s);", strings.ToUpper(w.scheme))
	w.line("        request.setSysDomain(%s);", quote(w.host))
	w.line("        request.setSysVersion(%q);", w.op.Product.Version)
	fill()
	w.line("        System.out.println(client.getCommonResponse(request).getData());\n    }\n}")
}

// javaSDK writes a program that signs with what Java has itself.
func (w *writer) javaSDK() {
	w.head("//", signedHere)
	for _, name := range []string{"java.net.URI", "java.net.http.HttpClient", "java.net.http.HttpRequest", "java.net.http.HttpResponse",
		"java.security.MessageDigest", "java.time.ZoneOffset", "java.time.ZonedDateTime", "java.time.format.DateTimeFormatter",
		"java.util.HexFormat", "javax.crypto.Mac", "javax.crypto.spec.SecretKeySpec"} {
		w.line("import %s;", name)
	}
	w.line("\npublic class %s {", w.op.Name)
	w.line("    static String sha256(String text) throws Exception {")
	w.line("        return HexFormat.of().formatHex(MessageDigest.getInstance(\"SHA-256\").digest(text.getBytes(\"UTF-8\")));\n    }\n")
	w.line("    public static void main(String[] args) throws Exception {")
	w.line("        String host = %s, path = %s;", quote(w.host), quote(w.op.Path))
	w.line("        String body = %s;", w.javaBody())
	w.line("        String date = ZonedDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern(\"yyyyMMdd'T'HHmmss'Z'\"));")
	w.line("        String signed = \"content-type;host;x-sdk-date\";")
	w.line("        String canonical = String.join(\"\\n\", \"POST\", path + \"/\", \"\", \"content-type:application/json\",")
	w.line("            \"host:\" + host, \"x-sdk-date:\" + date, \"\", signed, sha256(body));")
	w.line("        String toSign = String.join(\"\\n\", \"SDK-HMAC-SHA256\", date, sha256(canonical));")
	w.line("        Mac mac = Mac.getInstance(\"HmacSHA256\");")
	w.line("        mac.init(new SecretKeySpec(System.getenv(%q).getBytes(\"UTF-8\"), \"HmacSHA256\"));", w.secret)
	w.line("        String signature = HexFormat.of().formatHex(mac.doFinal(toSign.getBytes(\"UTF-8\")));")
	w.line("        var request = HttpRequest.newBuilder(URI.create(%s + host + path))", quote(w.scheme+"://"))
	w.line("            .header(\"Content-Type\", \"application/json\").header(\"X-Sdk-Date\", date)")
	w.line("            .header(\"Authorization\", \"SDK-HMAC-SHA256 Access=\" + System.getenv(%q)", w.id)
	w.line("                + \", SignedHeaders=\" + signed + \", Signature=\" + signature)")
	w.line("            .POST(HttpRequest.BodyPublishers.ofString(body)).build();")
	w.line("        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());\n    }\n}")
}

// javaBody is the body as JSON in a string, a line of it in each line.
func (w *writer) javaBody() string {
	lines := strings.Split(w.tree(true).write(jsonStyle, "", "  "), "\n")
	for i, l := range lines {
		lines[i] = quote(l)
	}
	return strings.Join(lines, "\n            + ")
}

// nodeROA writes a program with the vendor's SDK for Node.js.
func (w *writer) nodeROA() {
	w.nodeAliyun("ROAClient")
	body := w.given(false)
	if len(body) == 0 {
		w.line("client.request(\"POST\", %s, %s)", quote(w.op.Path), object(w.given(true), ""))
	} else {
		w.line("const body = new URLSearchParams(%s)", object(body, ""))
		w.line("client.request(\"POST\", %s, %s, body.toString(), {", quote(w.op.Path), object(w.given(true), ""))
		w.line("  \"content-type\": \"application/x-www-form-urlencoded\",\n})")
	}
	w.line("  .then((reply) => console.log(reply))")
}

func (w *writer) nodeRPC() {
	w.nodeAliyun("RPCClient")
	w.line("client.request(%s, %s, { method: \"POST\" })", quote(w.op.Name), object(w.Params, ""))
	w.line("  .then((reply) => console.log(reply))")
}

func (w *writer) nodeAliyun(client string) {
	w.head("//", "npm install @alicloud/pop-core")
	w.line("const { %s } = require(\"@alicloud/pop-core\")\n", client)
	w.line("const client = new %s({\n  accessKeyId: process.env.%s,\n  accessKeySecret: process.env.%s,", client, w.id, w.secret)
	w.line("  endpoint: %s,\n  apiVersion: %q,\n})", quote(w.base), w.op.Product.Version)
}

// object is parameters as an object of JavaScript, a line each.
func object(params []Param, indent string) string {
	n := &node{}
	for _, p := range params {
		n.members = append(n.members, &node{name: p.Name, value: p.Value})
	}
	return n.write(jsonStyle, indent, "  ")
}

// nodeSDK writes a program that signs with what Node.js has itself: the core of
// that vendor's SDK cannot be used without one of its products.
func (w *writer) nodeSDK() {
	w.head("//", signedHere)
	w.line("const { createHash, createHmac } = require(\"node:crypto\")\n")
	w.line("const host = %s, path = %s", quote(w.host), quote(w.op.Path))
	w.line("const body = JSON.stringify(%s)\n", w.tree(true).write(jsonStyle, "", "  "))
	w.line("const sha256 = (text) => createHash(\"sha256\").update(text).digest(\"hex\")")
	w.line("const date = new Date().toISOString().replace(/\\.\\d+|[-:]/g, \"\")")
	w.line("const signed = \"content-type;host;x-sdk-date\"")
	w.line("const canonical = [\n  \"POST\", path + \"/\", \"\", \"content-type:application/json\", \"host:\" + host,")
	w.line("  \"x-sdk-date:\" + date, \"\", signed, sha256(body),\n].join(\"\\n\")")
	w.line("const toSign = [\"SDK-HMAC-SHA256\", date, sha256(canonical)].join(\"\\n\")")
	w.line("const signature = createHmac(\"sha256\", process.env.%s).update(toSign).digest(\"hex\")", w.secret)
	w.line("fetch(%s + host + path, {\n  method: \"POST\",\n  body,\n  headers: {", quote(w.scheme+"://"))
	w.line("    \"Content-Type\": \"application/json\",\n    \"X-Sdk-Date\": date,")
	w.line("    \"Authorization\": `SDK-HMAC-SHA256 Access=${process.env.%s}, SignedHeaders=${signed}, Signature=${signature}`,\n  },\n})", w.id)
	w.line("  .then((reply) => reply.text())\n  .then((text) => console.log(text))")
}
