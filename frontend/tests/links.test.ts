import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { missingField } from "../src/sentences/bill.ts";
import common from "../src/texts/common.json" with { type: "json" };
import type { Bill } from "../src/data/websocket-types.ts";

type Names = Record<string, string>;
interface Options {
  init: { menu_options: Names };
  contract: { data: Names };
  contract_details: { sections: Record<string, { name: string }> };
  gas: { data: Names };
}

test("the way to a field names pages and fields as the options do", () => {
  for (const [language, texts] of Object.entries(common)) {
    const file = new URL(`../../custom_components/smarty_p1/translations/${language}.json`, import.meta.url);
    const { step } = JSON.parse(readFileSync(file, "utf8")).options as { step: Options };
    const { contracts: contract, gas } = step.init.menu_options;
    const section = (name: string) => step.contract_details.sections[name]!.name;
    const ways: [string, string | undefined, string | undefined][] = [
      [texts.field_reference_power, contract, step.contract.data.reference_power],
      [texts.field_energy_price, contract, step.contract.data.energy_price],
      [texts.field_feed_in, contract, section("feed_in")],
      [texts.field_energy_sharing, contract, section("energy_sharing")],
      [texts.field_network_prices, contract, section("network_prices")],
      [texts.field_gas_price, gas, step.gas.data.gas_prices],
    ];
    for (const [way, page, field] of ways) {
      const names = way.split(" › ");
      assert.deepEqual([names[0], names.at(-1)], [page, field], `${language}: ${way}`);
    }
  }
});

test("a bill's link goes to the field that is missing", () => {
  const bill = (changes: Partial<Bill>) => missingField({ total: null, reference_kw: 7, ...changes } as Bill);
  assert.equal(bill({ reference_kw: null }), "reference_power");
  assert.equal(bill({ missing: ["energy"] }), "energy_price");
  // The user cannot enter a past market price, but can enter the price of other energy.
  const unpriced = { imported_kwh: 300, unpriced_kwh: 40, unpriced_market_kwh: 40 };
  assert.equal(bill({ missing: ["energy"], ...unpriced }), undefined);
  assert.equal(bill({ missing: ["energy"], ...unpriced, unpriced_kwh: 300, unpriced_market_kwh: 300 }), undefined);
  for (const unpriced_market_kwh of [undefined, 4]) assert.equal(bill({ missing: ["energy"], ...unpriced, unpriced_market_kwh }), "energy_price");
  assert.equal(bill({ missing: ["energy", "compensation"], ...unpriced }), "energy_price");
  assert.equal(bill({ missing: ["network_fixed", "meter"] }), "network_prices");
  assert.equal(bill({ missing: ["energy", "meter"] }), "energy_price");
  assert.equal(bill({ total: 12 }), "energy_sharing");
});
