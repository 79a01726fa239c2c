package code

import (
	"path"
	"strconv"
	"strings"

	"quartermaster/handlers/api"
	"quartermaster/web/sign"
)

// OSSUtil is the vendor's tool for files alone.
const OSSUtil Language = "ossutil"

// ObjectLanguages are the languages in which requests about files are written,
// in the order they are shown.
var ObjectLanguages = []Language{OSSUtil, CLI, Curl, Go, Python, Java, Node}

// The operations on files that are written as code.
const (
	PutObject     = "PutObject"
	GetObject     = "GetObject"
	HeadObject    = "HeadObject"
	DeleteObject  = "DeleteObject"
	ListObjectsV2 = "ListObjectsV2"
)

// Object is a file in a bucket by its key, or all whose keys begin with that.
type Object struct{ Region, Bucket, Key string }

// Write is a request about the object in a language, to be sent to the site at
// base. Secrets stand in it as names of the environment's variables. It is "" for
// a language or an operation that is not known.
func (o Object) Write(operation string, l Language, base string) string {
	w := &objectWriter{newWriter(Request{
		Operation: operation, op: &api.Operation{Name: operation, Product: api.OSS()}, Params: []Param{{"RegionId", o.Region}},
	}, base), o}
	call, known := objectCalls[operation]
	writers := map[Language]func(objectCall){
		OSSUtil: w.ossutil, CLI: w.aliyunOSS, Curl: w.curl, Go: w.golang, Python: w.python, Java: w.java, Node: w.node,
	}
	if write := writers[l]; write != nil && known {
		w.id, w.secret = ossID, ossSecret
		write(call)
	}
	return w.String()
}

// The variables in which the vendor's clients of OSS look for keys.
const ossID, ossSecret = "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET" // #nosec G101 -- names of variables of the environment

// An objectCall is how each language says one operation, with BUCKET, KEY, FILE and
// URL in the place of what is the caller's.
type objectCall struct {
	method, curl, ossutil, python, java, node string
	// golang is a method of the client, of which prints shows the result. Of a file
	// on disk its name follows.
	golang, prints string
}

var objectCalls = map[string]objectCall{
	PutObject: {
		method: "PUT", curl: "-T FILE", ossutil: "cp FILE URL -f",
		golang: "PutObjectFromFile", prints: "fmt.Println(oss.ToString(result.ETag))",
		python: "print(bucket.put_object_from_file(KEY, FILE).etag)",
		java:   "System.out.println(client.putObject(BUCKET, KEY, new File(FILE)).getETag());",
		node:   "client.put(KEY, FILE).then((reply) => console.log(reply.res.headers.etag))",
	},
	GetObject: {
		method: "GET", curl: "-o FILE", ossutil: "cp URL FILE -f",
		golang: "GetObjectToFile", prints: "fmt.Println(result.ContentLength)",
		python: "print(bucket.get_object_to_file(KEY, FILE).content_length)",
		java:   "System.out.println(client.getObject(new GetObjectRequest(BUCKET, KEY), new File(FILE)).getContentLength());",
		node:   "client.get(KEY, FILE).then((reply) => console.log(reply.res.headers[\"content-length\"]))",
	},
	HeadObject: {
		method: "HEAD", curl: "-I", ossutil: "stat URL",
		golang: "HeadObject", prints: "fmt.Println(result.ContentLength, oss.ToString(result.ETag))",
		python: "print(bucket.head_object(KEY).content_length)",
		java:   "System.out.println(client.headObject(BUCKET, KEY).getContentLength());",
		node:   "client.head(KEY).then((reply) => console.log(reply.res.headers))",
	},
	DeleteObject: {
		method: "DELETE", curl: "-X DELETE", ossutil: "rm URL -f",
		golang: "DeleteObject", prints: "fmt.Println(result.Status)",
		python: "print(bucket.delete_object(KEY).status)",
		java:   "client.deleteObject(BUCKET, KEY);",
		node:   "client.delete(KEY).then((reply) => console.log(reply.res.status))",
	},
	ListObjectsV2: {
		method: "GET", ossutil: "ls URL",
		golang: "ListObjectsV2", prints: "for _, object := range result.Contents {\n\t\tfmt.Println(object.Size, oss.ToString(object.Key))\n\t}",
		python: "for found in bucket.list_objects_v2(prefix=KEY, max_keys=1000).object_list:\n    print(found.size, found.key)",
		java:   "client.listObjectsV2(BUCKET, KEY).getObjectSummaries().forEach(found -> System.out.println(found.getSize() + \" \" + found.getKey()));",
		node:   "client.listV2({ prefix: KEY, \"max-keys\": 1000 }).then((reply) => console.log(reply.objects))",
	},
}

// An objectWriter writes one request about an object.
type objectWriter struct {
	*writer
	Object
}

// file is what the object is called on the caller's disk.
func (o Object) file() string {
	name := path.Base(o.Key)
	if name == "." || name == ".." || name == "/" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		name = "file"
	}
	return "./" + name
}

// say is a line of a language with what is the caller's, as its quote writes it.
func (w *objectWriter) say(line string, quote func(string) string) string {
	return strings.NewReplacer("BUCKET", quote(w.Bucket), "KEY", quote(w.Key), "FILE", quote(w.file()), "URL", quote("oss://"+w.Bucket+"/"+w.Key)).Replace(line)
}

func (w *objectWriter) ossutil(c objectCall) {
	w.head("#", "With ossutil 2.")
	w.line("ossutil %s \\\n  --endpoint %s --region %s --addressing-style path", w.say(c.ossutil, shell), shell(w.base), shell(w.region()))
}

func (w *objectWriter) aliyunOSS(c objectCall) {
	w.id, w.secret = aliyunID, aliyunSecret
	w.head("#", "With the aliyun command line tool.")
	w.line("aliyun oss %s \\\n  --endpoint %s --force-path-style", w.say(c.ossutil, shell), shell(w.base))
}

// curl writes a URL that is signed by V1, which anybody may use for an hour, and
// its use. The URL's last slash is escaped: behind it curl would put the name of
// the file.
func (w *objectWriter) curl(c objectCall) {
	w.head("#", signedBy+"a URL by V1, HMAC-SHA1, for an hour.")
	key, query := w.Key, "?"
	if w.Operation == ListObjectsV2 {
		key, query = "", "?list-type=2&max-keys=1000&prefix="+sign.Escape(w.Key)+"&" // none of which is signed
	}
	address := strings.ReplaceAll(sign.Escape(key), "%2F", "/")
	if rest, ends := strings.CutSuffix(address, "/"); ends {
		address = rest + "%2F"
	}
	words := "curl -sS --fail-with-body"
	if c.curl != "" {
		words += " " + w.say(c.curl, shell)
	}
	if strings.Contains("/"+key+"/", "/./") || strings.Contains("/"+key+"/", "/../") {
		words += " --path-as-is"
	}
	w.line("expires=$(($(date +%%s) + 3600))")
	w.line("resource=%s", shell("/"+w.Bucket+"/"+key))
	w.line(`signature=$(printf '%s\n\n\n%%s\n%%s' "$expires" "$resource" | openssl dgst -sha1 -hmac "${%s:?}" -binary |`, c.method, w.secret)
	w.line(`  openssl base64 -A | sed 's/+/%%2B/g; s:/:%%2F:g; s/=/%%3D/g')`)
	w.line(`url=%s"OSSAccessKeyId=${%s:?}&Expires=$expires&Signature=$signature"`, shell(w.base+"/"+w.Bucket+"/"+address+query), w.id)
	w.line(`%s "$url"`, words)
}

func (w *objectWriter) golang(c objectCall) {
	w.head("//", "go get github.com/aliyun/alibabacloud-oss-go-sdk-v2")
	w.line("package main\n")
	w.line("import (\n\t\"context\"\n\t\"fmt\"\n\t\"log\"\n\t\"os\"\n")
	w.line("\t\"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss\"\n\t\"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials\"\n)\n")
	w.line("func main() {")
	w.line("\tclient := oss.NewClient(oss.LoadDefaultConfig().")
	w.line("\t\tWithCredentialsProvider(credentials.NewStaticCredentialsProvider(os.Getenv(%q), os.Getenv(%q))).", w.id, w.secret)
	w.line("\t\tWithRegion(%s).\n\t\tWithEndpoint(%s).\n\t\tWithUsePathStyle(true))", strconv.Quote(w.region()), strconv.Quote(w.base))
	name := "Key:   "
	if w.Operation == ListObjectsV2 {
		name = "Prefix:"
	}
	w.line("\tresult, err := client.%s(context.TODO(), &oss.%sRequest{", c.golang, w.Operation)
	w.line("\t\tBucket: oss.Ptr(%s),\n\t\t%s oss.Ptr(%s),", strconv.Quote(w.Bucket), name, strconv.Quote(w.Key))
	end := "})"
	if c.golang != w.Operation {
		end = "}, " + strconv.Quote(w.file()) + ")"
	}
	w.line("\t%s\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\t%s\n}", end, c.prints)
}

func (w *objectWriter) python(c objectCall) {
	w.head("#", "pip install oss2")
	w.line("import os\n\nimport oss2\n")
	w.line("auth = oss2.AuthV4(os.environ[%q], os.environ[%q])", w.id, w.secret)
	w.line("bucket = oss2.Bucket(auth, %s, %s, region=%s, is_path_style=True)", quote(w.base), quote(w.Bucket), quote(w.region()))
	w.line("%s", w.say(c.python, quote))
}

func (w *objectWriter) java(c objectCall) {
	w.head("//", "Maven: com.aliyun.oss:aliyun-sdk-oss")
	for _, name := range []string{"ClientBuilderConfiguration", "OSSClientBuilder", "common.auth.DefaultCredentialProvider", "common.comm.SignVersion"} {
		w.line("import com.aliyun.oss.%s;", name)
	}
	if w.Operation == GetObject {
		w.line("import com.aliyun.oss.model.GetObjectRequest;")
	}
	if w.Operation == PutObject || w.Operation == GetObject {
		w.line("import java.io.File;")
	}
	w.line("\npublic class %s {", w.Operation)
	w.line("    public static void main(String[] args) {")
	w.line("        var config = new ClientBuilderConfiguration();")
	w.line("        config.setSLDEnabled(true); // the bucket stands in the path")
	w.line("        config.setSignatureVersion(SignVersion.V4);")
	w.line("        var client = OSSClientBuilder.create().endpoint(%s).region(%s).clientConfiguration(config)", quote(w.base), quote(w.region()))
	w.line("            .credentialsProvider(new DefaultCredentialProvider(System.getenv(%q), System.getenv(%q))).build();", w.id, w.secret)
	w.line("        %s\n        client.shutdown();\n    }\n}", w.say(c.java, quote))
}

func (w *objectWriter) node(c objectCall) {
	w.head("//", "npm install ali-oss")
	w.line("const OSS = require(\"ali-oss\")\n")
	w.line("const client = new OSS({\n  accessKeyId: process.env.%s,\n  accessKeySecret: process.env.%s,", w.id, w.secret)
	w.line("  endpoint: %s,\n  region: %s,\n  bucket: %s,", quote(w.base), quote("oss-"+w.region()), quote(w.Bucket))
	w.line("  authorizationV4: true,\n  sldEnable: true, // the bucket stands in the path\n})")
	w.line("%s", w.say(c.node, quote))
}
