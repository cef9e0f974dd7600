/** Reads the JSON of scripts: an object of lists of strings that the gateway has checked. */
export class Reader {
  private at: i32 = 0;

  constructor(private readonly text: string) {}

  /** The list under a name; empty if there is none. */
  linesOf(name: string): string[] {
    this.skip("{");
    while (this.more("}")) {
      const key = this.string();
      this.skip(":");
      const lines = this.lines();
      if (key == name) return lines;
    }
    return [];
  }

  private lines(): string[] {
    const lines: string[] = [];
    this.skip("[");
    while (this.more("]")) lines.push(this.string());
    this.at++;
    return lines;
  }

  /** Reports whether there is another value before the end of a list or an object. */
  private more(end: string): bool {
    this.gap(",");
    return this.text.charAt(this.at) != end;
  }

  private skip(char: string): void {
    this.gap("");
    assert(this.text.charAt(this.at) == char, "not the JSON of a script");
    this.at++;
  }

  private gap(separator: string): void {
    while (this.at < this.text.length && (" \n\t\r" + separator).includes(this.text.charAt(this.at))) this.at++;
  }

  private string(): string {
    this.skip('"');
    let value = "";
    let char: string;
    while ((char = this.text.charAt(this.at++)) != '"') {
      value += char == "\\" ? this.escape() : char;
    }
    return value;
  }

  private escape(): string {
    const char = this.text.charAt(this.at++);
    if (char == "n") return "\n";
    if (char == "r") return "\r";
    if (char == "t") return "\t";
    if (char == "b") return "\b";
    if (char == "f") return "\f";
    if (char != "u") return char;
    this.at += 4;
    return String.fromCharCode(<i32>parseInt(this.text.substring(this.at - 4, this.at), 16));
  }
}
