// Orders: objects of nested parts, about 1 KB as JSON, that take microseconds to be parsed and serialized.
import avsc from 'avsc';

export interface Order {
  id: number;
  customer: string;
  total: number;
  paid: boolean;
  lines: Record<string, string>[];
  note: string;
}

export const ORDER_SCHEMA: avsc.Schema = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'customer', type: 'string' },
    { name: 'total', type: 'double' },
    { name: 'paid', type: 'boolean' },
    { name: 'lines', type: { type: 'array', items: { type: 'map', values: 'string' } } },
    { name: 'note', type: 'string' },
  ],
};
export const orderType = avsc.Type.forSchema(ORDER_SCHEMA);

export function orderAt(index: number, lines = 14): Order {
  return {
    id: index,
    customer: `customer ${index % 1000}`,
    total: index / 7,
    paid: index % 2 === 0,
    lines: Array.from({ length: lines }, (_, i) => ({
      product: `product ${i}`,
      quantity: '3',
      price: '12.50',
    })),
    note: 'x'.repeat(40),
  };
}
