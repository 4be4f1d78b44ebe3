-- A claim changes the lease alone: with room in the page the new row needs no entry in any index.
ALTER TABLE "accounts" SET (fillfactor = 70);
