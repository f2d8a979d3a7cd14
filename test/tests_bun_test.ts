/**
 * Checks the tests themselves: a test that cannot run is skipped and counted, and none ends early as if it had passed.
 * scripts/ok/counts.ts checks, as the tests run, that each one asserts something.
 */
import { describe, expect, test } from "bun:test";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A node of the syntax tree. */
type Node = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

function children(node: Node): Node[] {
  return Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
}

const isFunction = ({ type }: Node) =>
  /^(?:ArrowFunction|Function)(?:Expression|Declaration)$|^FunctionExpression$/.test(type);

/** The name of what is called: `test` of `test(…)` and of `test.each([…])(…)`. */
function calleeName(node: Node): string {
  if (node.type === "Identifier") return node["name"] as string;
  if (node.type === "CallExpression") return calleeName(node["callee"] as Node);
  return node.type === "MemberExpression" ? calleeName(node["object"] as Node) : "";
}

const defines = (node: Node) =>
  node.type === "CallExpression" &&
  /^(?:test|it|describe|testUnless|describeUnless)$/.test(calleeName(node["callee"] as Node));

/** Whether a `return` gives up: it returns nothing, or what `console` returns. */
function givesUp(node: Node): boolean {
  if (node.type !== "ReturnStatement") return false;
  const value = node["argument"];
  if (!isNode(value)) return true;
  if (value.type === "Identifier") return value["name"] === "undefined";
  return value.type === "CallExpression" && calleeName(value["callee"] as Node) === "console";
}

/** Functions that a test's body passes to its calls, returns or awaits: they are part of the body. */
function bodies(node: Node): Node[] {
  if (isFunction(node)) return [node];
  if (node.type === "AwaitExpression") return bodies(node["argument"] as Node);
  return node.type === "CallExpression" ? (node["arguments"] as Node[]).flatMap(bodies) : [];
}

/** What is wrong with the tests of a file, each with its line. */
function faultsOf(source: string, file: string): string[] {
  const faults: string[] = [];
  const fault = ({ start }: Node, what: string) =>
    faults.push(`${file}:${source.slice(0, start).split("\n").length} ${what}`);

  /** Looks for an early end in the statements of a test's body. */
  const visitBody = (node: Node): void => {
    if (givesUp(node)) fault(node, "ends a test early: use testUnless() of test/skip.ts");
    const value =
      node.type === "ReturnStatement"
        ? node["argument"]
        : node.type === "ExpressionStatement"
          ? node["expression"]
          : undefined;
    if (isNode(value) && !defines(value)) for (const inner of bodies(value)) visitFunction(inner);
    for (const child of children(node)) if (!isFunction(child)) visitBody(child);
  };
  const visitFunction = (node: Node): void => {
    const body = node["body"] as Node;
    // An arrow function that is an expression, such as a call that is given the rest of the body.
    if (body.type === "BlockStatement") visitBody(body);
    else for (const inner of bodies(body)) visitFunction(inner);
  };

  const visit = (node: Node, conditional: boolean): void => {
    if (defines(node)) {
      if (conditional) fault(node, "defines a test in a condition: use testUnless() of test/skip.ts");
      for (const argument of node["arguments"] as Node[]) if (isFunction(argument)) visitFunction(argument);
    }
    if (node.type === "MemberExpression" && /^(?:test|it|describe)$/.test(calleeName(node))) {
      const name = (node["property"] as Node)["name"] as string;
      if (/^(?:skip|skipIf|if|todo|todoIf|only)$/.test(name))
        fault(node, `uses .${name}, without a reason: use testUnless() of test/skip.ts`);
    }
    const condition = /^(?:IfStatement|ConditionalExpression|LogicalExpression)$/.test(node.type);
    for (const child of children(node)) visit(child, (conditional || condition) && !isFunction(child));
  };
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`Cannot parse "${file}": ${errors[0]!.message}`);
  visit(program as unknown as Node, false);
  return [...new Set(faults)];
}

describe("the tests", () => {
  test("do not end early, are not in a condition, and are not skipped without a reason", () => {
    const files = globSync("test/**/*_test.ts", { cwd: root });
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((file) => faultsOf(readFileSync(root + file, "utf8"), file))).toEqual([]);
  });

  test("are searched for every form of that", () => {
    const wrong = [
      'test("a", () => {\n  if (no) return;\n});',
      'test("a", async () => {\n  if (no) return console.log("no");\n});',
      'test.each([1])("a", () => {\n  if (no) { say(); return undefined; }\n});',
      'test("a", () => inFolder(async () => {\n  if (no) return;\n}));',
      'test("a", async () => {\n  await inFolder(() =>  {\n  if (no) return;\n });\n});',
      'test("a", () => {\n  fc.assert(fc.property(b, () => {\n  if (no) return;\n }));\n});',
      'describe("a", () => {\n  if (no) return;\n});',
      'for (const a of b) {\n  if (a) test("a", () => {});\n}',
      'yes && test("a", () => {});',
      'test.skip("a", () => {});',
      'describe.skipIf(no)("a", () => {});',
      'test.todo("a");',
    ];
    expect(wrong.filter((source) => faultsOf(source, "a.ts").length !== 1)).toEqual([]);
    const right = [
      'test("a", () => {\n  const fake = () => {\n    if (no) return;\n  };\n  expect(fake()).toBe(1);\n});',
      'test("a", () => {\n  expect(list.map((x) => { return undefined; })).toEqual([]);\n});',
      "function later() {\n  if (no) return;\n}",
      'testUnless(no, "a", () => {});',
      "for (const a of b) test(a, () => {});",
    ];
    expect(right.flatMap((source) => faultsOf(source, "a.ts"))).toEqual([]);
  });
});
