// An upstream that says which path it understood, as many Node servers do: it
// parses the target as a URL and decodes the path.
import http from "node:http";

const server = http.createServer((request, response) => {
  let path;
  try {
    path = decodeURIComponent(new URL(request.url, "http://upstream").pathname);
  } catch {
    response.writeHead(400);
    response.end();
    return;
  }
  response.setHeader("X-Path", Buffer.from(path).toString("hex"));
  response.end();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
