// A plugin that imports the whole SDK and uses none of it.
import { Verdict } from "../../index";

export function sallyport_pre(): Verdict { return Verdict.Continue; }
