// An upstream that writes a line for each request: what it has understood, and
// whether the body came to its end.
import http from "node:http";

const server = http.createServer({ maxHeaderSize: 256 << 10 }, (request, response) => {
  const parts = [];
  let told = false;
  const tell = (complete) => {
    if (told) return;
    told = true;
    console.log(JSON.stringify({
      ID: request.headers["x-request-id"] ?? "",
      Method: request.method,
      URI: request.url,
      Host: request.headers.host ?? "",
      Body: Buffer.concat(parts).toString("base64"),
      Complete: complete,
    }));
  };
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    tell(true);
    response.end("ok");
  });
  request.on("close", () => tell(false));
  request.on("error", () => tell(false));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
