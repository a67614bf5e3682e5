# The public pages in Welsh. NOT REVIEWED: written without a translator. Whoever reviews it empties `unreviewed`.

service = Eich dewisiadau
skip = Neidio i’r prif gynnwys
language-name = Cymraeg
unreviewed = Nid yw cyfieithydd wedi gwirio’r dudalen Gymraeg hon eto. Gallwch ddarllen y fersiwn Saesneg os nad yw rhywbeth yn glir.
error-title = Mae problem
error-prefix = Gwall:
back = Yn ôl
contact = I gysylltu â ni, atebwch unrhyw neges gennym.
contact-at = I gysylltu â ni, ysgrifennwch at { $address }.

start-title = Yr hyn rydym yn ei anfon atoch
start-lead = Daethoch yma drwy’r ddolen mewn neges. Dewiswch beth yr hoffech i ni ei wneud. Nid oes dim yn newid cyn i chi ei gadarnhau.
start-legend = Beth hoffech chi ei wneud?
start-continue = Parhau
start-error = Dewiswch beth hoffech chi ei wneud
choice-stop = Atal arolygon
choice-stop-hint = Bydd negeseuon y mae’n rhaid i ni eu hanfon, er enghraifft yn ôl y gyfraith, yn dal i ddod.
choice-again = Cael arolygon eto
choice-again-hint = Os gwnaethoch eu hatal yma o’r blaen.
choice-language = Defnyddio iaith arall
choice-language-hint = Ar gyfer negeseuon diweddarach.
choice-unsafe = Nid yw’r cyfeiriad e-bost hwn yn ddiogel i mi
choice-unsafe-hint = Gall pobl eraill ei ddarllen, neu mae ei ddefnyddio yn eich rhoi mewn perygl.
choice-telephone = Ffoniwch fi yn lle hynny
choice-telephone-hint = Rydym yn defnyddio’r rhif sydd gennym ar eich cyfer.
choice-access = Beth ydych chi’n ei gadw amdanaf?
choice-access-hint = Gofyn am gopi.
choice-erasure = Anghofiwch fi
choice-erasure-hint = Gofyn i ni ddileu’r hyn rydym yn ei gadw amdanoch.

stop-title = Atal arolygon
stop-text = Ni fyddwn yn anfon rhagor o arolygon i’r cyfeiriad hwn. Gall neges sydd ar ei ffordd ar hyn o bryd gyrraedd o hyd.
stop-more = Bydd negeseuon y mae’n rhaid i ni eu hanfon, er enghraifft yn ôl y gyfraith, yn dal i ddod. Gallwch newid hyn yma yn ddiweddarach gyda’r un ddolen.
stop-button = Atal arolygon

again-title = Cael arolygon eto
again-text = Os gwnaethoch atal arolygon ar y dudalen hon o’r blaen, gallwn eu hanfon eto. Mae negeseuon a ataliwyd am reswm arall yn dal wedi’u hatal.
again-more = Ni fydd arolwg na chafodd ei anfon atoch yn y cyfamser yn cael ei anfon eto.
again-button = Cael arolygon eto

unsafe-title = Nid yw’r cyfeiriad e-bost hwn yn ddiogel i mi
unsafe-text = Ni fyddwn yn anfon unrhyw neges i’r cyfeiriad hwn eto: dim arolwg, na dim hysbysiad arall chwaith. Bydd rhywun yn chwilio am ffordd arall o’ch cyrraedd os oes rhywbeth y mae’n rhaid i chi ei wybod.
unsafe-more = Mae hyn yn dod i rym ar unwaith. Ni ellir ei ddadwneud ar y dudalen hon, fel na all neb arall sy’n agor y ddolen hon ei ddadwneud. I’w ddadwneud, siaradwch â ni.
unsafe-history = Nid yw’r dudalen hon yn dweud yn ddiweddarach beth a ddewisoch. Efallai y bydd eich porwr yn dal i restru ei bod ar agor. Gallwch ei thynnu o’r hanes, a dileu’r neges.
unsafe-button = Peidio ag anfon dim i’r cyfeiriad hwn

telephone-title = Ffoniwch fi yn lle hynny
telephone-text = Byddwn yn cael gwybod y byddai’n well gennych alwad. Rydym yn defnyddio’r rhif ffôn sydd gennym ar eich cyfer, ac nid ydym yn gofyn dim amdano yma.
telephone-more = Hyd nes y bydd rhywun wedi ffonio, gall negeseuon ddod o hyd. Gallwch atal arolygon yma hefyd.
telephone-button = Gofyn am alwad

access-title = Beth ydych chi’n ei gadw amdanaf?
access-text = Gallwch ofyn am gopi o bopeth rydym yn ei gadw amdanoch. Nid yw’n cael ei ddangos yma, oherwydd gall pobl eraill allu agor y ddolen hon.
access-more = Byddwn yn ateb o fewn mis. Cyn hynny, mae’n rhaid i ni wneud yn siŵr mai chi sy’n gofyn.
access-button = Gofyn am gopi

erasure-title = Anghofiwch fi
erasure-text = Gallwch ofyn i ni ddileu’r hyn rydym yn ei gadw amdanoch. Mae arolygon yn dod i ben ar unwaith, ac mae rhywun yn edrych ar beth arall y gellir ei ddileu.
erasure-more = Byddwn yn ateb o fewn mis, ac efallai y bydd yn rhaid i ni wneud yn siŵr mai chi sy’n gofyn. Rydym yn cadw cod, wedi’i wneud o’ch cyfeiriad, sy’n dweud wrthym am beidio ag ysgrifennu ato eto.
erasure-button = Gofyn i gael eich anghofio

language-title = Defnyddio iaith arall
language-legend = Ym mha iaith y dylai negeseuon diweddarach fod?
language-text = Dim ond ieithoedd yr ysgrifennwyd y neges ynddynt y gellir eu dewis.
language-one = Mewn un iaith yn unig yr ysgrifennwyd y neges a gawsoch, felly nid oes un arall i’w dewis.
language-error = Dewiswch iaith
language-button = Cadw

done-title = Wedi cadw
done-text = Mae eich dewis wedi’i gadw. Gallwch gau’r dudalen hon.
done-stop = Nid ydym yn anfon rhagor o arolygon i’r cyfeiriad hwn. Gall neges sydd ar ei ffordd ar hyn o bryd gyrraedd o hyd.
done-again = Os oeddech wedi atal arolygon yma, mae hynny wedi’i ddadwneud.
done-telephone = Mae rhywun yn cael gwybod yr hoffech alwad.
done-access = Cafodd eich cais ei nodi. Byddwn yn ateb o fewn mis.
done-erasure = Mae arolygon wedi dod i ben, a chafodd eich cais ei nodi. Byddwn yn ateb o fewn mis.
done-language = Bydd negeseuon diweddarach yn dod yn yr iaith hon lle y’u hysgrifennwyd ynddi.
done-back = Gwneud dewis arall

unsubscribe-title = Atal arolygon
unsubscribe-text = Ni fyddwn yn anfon rhagor o arolygon i’r cyfeiriad hwn. Nid oes dim yn newid cyn i chi bwyso’r botwm.
unsubscribe-button = Atal arolygon
unsubscribe-other = Gweld popeth y gallwch ei ddewis

gone-title = Nid yw’r ddolen hon yn gweithio
gone-text = Efallai ei bod yn anghyflawn, neu’n rhy hen, neu fod yr hyn oedd yn perthyn iddi wedi’i ddileu. Os gwnaethoch ei chopïo, gwnewch yn siŵr bod y cyfan yno.

wait-title = Rhowch gynnig arall arni mewn munud
wait-text = Gofynnwyd am y dudalen hon yn rhy aml. Ni newidiwyd dim.
form-title = Ni ellir derbyn y ffurflen hon
form-text = Ni newidiwyd dim. Agorwch y ddolen yn eich neges eto, a dewiswch unwaith eto.
large-title = Gormod ar unwaith
large-text = Mae’r ffurflen yn fwy nag y mae’r dudalen hon yn ei derbyn. Ni newidiwyd dim.
failed-title = Aeth rhywbeth o’i le yma
failed-text = Nid eich bai chi yw hyn. Agorwch y ddolen yn eich neges eto mewn ychydig funudau, a dewiswch unwaith eto.
slow-title = Cymerodd hyn ormod o amser
slow-text = Rhoddwyd y gorau iddi. Agorwch y ddolen yn eich neges eto mewn ychydig funudau, a dewiswch unwaith eto: nid yw dwywaith yn gwneud niwed.
